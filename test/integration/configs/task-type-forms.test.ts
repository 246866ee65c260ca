import Ajv from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { taskTypes } from '../../../src/tasks/registry';
import { type TestApi, useTestApi } from '../../support/api-support';
import type { TaskTypeList } from '../../../src/api/schemas/system-schemas';

let api: TestApi;
let types: TaskTypeList['task_types'];
useTestApi('file', (stack) => ({ api } = stack));
beforeAll(async () => {
  types = (await api.root('GET', '/tasks/types')).body.task_types;
});

const schemaOf = (type: string) => types.find(({ name }) => name === type)?.parameters ?? {};
function validatorOf(type: string) {
  const ajv = new Ajv({ strict: true, strictTypes: true, allErrors: true });
  addFormats(ajv);
  return ajv.compile(schemaOf(type));
}
const statusOf = async (type: string, parameters: object) =>
  (await api.root('POST', '/tasks/configs', { name: 'a form', task_type: type, scheduler_type: 'manual', parameters }))
    .status;

describe.each(taskTypes)('$name', ({ name, examples }) => {
  const refusedExamples = (areBeyondJsonSchema: boolean) =>
    examples.refused.filter(({ isBeyondJsonSchema = false }) => isBeyondJsonSchema === areBeyondJsonSchema);

  test('JSON Schema and API accept and refuse the same parameters', async () => {
    const isValid = validatorOf(name);
    for (const parameters of examples.accepted)
      expect([parameters, isValid(parameters), isValid.errors, await statusOf(name, parameters)]).toEqual([
        parameters,
        true,
        null,
        201,
      ]);
    for (const { parameters } of refusedExamples(false))
      expect([parameters, isValid(parameters), await statusOf(name, parameters)]).toEqual([parameters, false, 422]);
  });

  test('only the API compares two values with each other', async () => {
    for (const { parameters } of refusedExamples(true))
      expect([parameters, validatorOf(name)(parameters), await statusOf(name, parameters)]).toEqual([
        parameters,
        true,
        422,
      ]);
  });
});

test('the defaults fit their schema, and each age names the moment it counts from', () => {
  for (const { name, parameters, defaults } of types) {
    const ajv = new Ajv({ strict: true });
    addFormats(ajv);
    const isValid = ajv.compile({ ...parameters, required: [] });
    expect([name, isValid(defaults), isValid.errors]).toEqual([name, true, null]);
    const { days_old: age } =
      (parameters as { properties?: Record<string, { description?: string }> }).properties ?? {};
    if (age) expect([name, age.description]).toEqual([name, expect.stringMatching(/\((created_at|scraped_at)\)/)]);
  }
});
