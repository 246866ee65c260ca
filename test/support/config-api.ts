import { useTestApi, type TestStack } from './api-support';
import { createTestNamespace } from './temporal-namespace';

export const HOURLY_CONFIG = {
  name: 'hourly',
  task_type: 'TEST_TIMEOUT',
  scheduler_type: 'interval',
  parameters: { sleep_seconds: 1 },
  schedule_config: { interval_seconds: 3_600 },
};

/** The API in a Temporal namespace of its own, once for the file. Each test begins without configs. */
export function useConfigApi() {
  let stack: TestStack;
  useTestApi(
    'file',
    (started) => {
      stack = started;
    },
    { connect: createTestNamespace },
  );
  beforeEach(() => stack.db.database('task_configs').delete());
  return {
    get api() {
      return stack.api;
    },
    get database() {
      return stack.db.database;
    },
    get temporal() {
      return stack.temporal;
    },
    /** Creates `HOURLY_CONFIG` with the changes of `body`, and returns the answer's body. */
    createConfig: async (body: object = {}, query = '') =>
      (await stack.api.root('POST', `/tasks/configs${query}`, { ...HOURLY_CONFIG, ...body })).body,
    scheduleOf: (configId: number) => stack.temporal.client.schedule.getHandle(`task-config-${configId}`),
  };
}

/** The errors of a 422 as `[type, location]`. */
export const faultsOf = (answer: { body: { detail: { loc: unknown[]; type: string }[] } }) =>
  answer.body.detail.map((item) => [item.type, item.loc.join('.')]);
