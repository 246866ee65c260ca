import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { insertConfig, insertExecution, type TestStack, useTestApi } from '../../support/api-support';
import { taskTypes } from '../../../src/tasks/registry';
import type { Role } from '../../../src/storage/accounts/user';
import { FORBIDDEN } from './user-answers';
import { userWithRole } from './user-with-role';

let { db, api } = {} as TestStack;
const use = (stack: TestStack) => ({ db, api } = stack);
const userWith = (role: Role | null, username?: string) => userWithRole({ db, api }, role, username);

describe('running a task type with own parameters', () => {
  useTestApi('file', use);

  const reserved = taskTypes.filter(({ adHocAccess }) => adHocAccess === 'admin');
  const namesOfReserved = reserved.map(({ name }) => name).sort();
  const byType = (name: string) => `/tasks/execute/by-type/${name}`;

  test('needs an admin where the type deletes or reaches people; an operator is refused, and audited', async () => {
    const { id, ask } = await userWith('operator');
    const shipped = [
      'CLEANUP_CONTENT',
      'CLEANUP_EXECUTIONS',
      'CLEANUP_EXPORTS',
      'CLEANUP_TOKENS',
      'DATA_BACKUP',
      'DATA_EXPORT',
      'SEND_EMAIL',
    ];
    const forOperators = [
      'HEALTH_CHECK',
      'REDDIT_DELETION_SYNC',
      'REDDIT_SCRAPE',
      'TEST_FAILURE',
      'TEST_SHORT_TIMEOUT',
      'TEST_TIMEOUT',
      'TIMEOUT_MONITOR',
    ];
    expect(namesOfReserved).toEqual(expect.arrayContaining(shipped));
    expect(namesOfReserved.filter((name) => forOperators.includes(name))).toEqual([]);
    for (const { name, examples } of reserved) {
      const [task_params] = examples.accepted;
      expect([name, await ask('POST', byType(name), { task_params })]).toMatchObject([name, FORBIDDEN]);
      expect([name, await ask('POST', byType(name), { task_params: { no: 'such' }, options: 7 })]).toMatchObject([
        name,
        FORBIDDEN,
      ]);
      const entry = await db.database('audit_log').orderBy('id', 'desc').first<object>();
      expect(entry).toMatchObject({
        actor_id: id,
        action: 'execute.type',
        target_id: name,
        outcome: 'refused',
        status: 403,
      });
      expect([name, await api.root('POST', byType(name), { task_params })]).toMatchObject([name, { status: 200 }]);
    }
    expect((await ask('POST', byType('HEALTH_CHECK'), {})).status).toBe(200);
    expect((await ask('POST', byType('NO_SUCH_TYPE'), {})).status).toBe(400);
  });

  test("is refused to an admin's key with the scope operate", async () => {
    const keyOf = async (scope: string) =>
      api.withToken((await api.root('POST', '/auth/api-keys', { name: scope, scope })).body.key as string);
    expect(await (await keyOf('operate'))('POST', byType('DATA_BACKUP'), { task_params: { keep: 1 } })).toMatchObject(
      FORBIDDEN,
    );
    expect((await (await keyOf('admin'))('POST', byType('DATA_BACKUP'), { task_params: { keep: 1 } })).status).toBe(
      200,
    );
  });

  test('leaves stored configs, batches of them and retries to operators', async () => {
    const { ask } = await userWith('operator');
    const configId = await insertConfig(db.database, { task_type: 'CLEANUP_TOKENS', parameters: { days_old: 7 } });
    expect((await ask('POST', `/tasks/execute/${configId}`, {})).status).toBe(200);
    expect(await ask('POST', '/tasks/execute/batch', { config_ids: [configId] })).toMatchObject({
      status: 200,
      body: { total_submitted: 1 },
    });
    for (const config_id of [configId, null]) {
      const execution = await insertExecution(db.database, {
        config_id,
        task_type: 'CLEANUP_TOKENS',
        parameters: { days_old: 7 },
        status: 'succeeded',
      });
      expect([config_id, await ask('POST', `/tasks/executions/${execution}/retry`, {})]).toMatchObject([
        config_id,
        { status: 200, body: { task_type: 'CLEANUP_TOKENS' } },
      ]);
    }
  });

  test('is documented in OpenAPI and in the list of task types', async () => {
    const { paths } = (await createOpenapiDocument()) as {
      paths: Record<string, { post?: { description?: string; responses: object } }>;
    };
    const operation = paths['/api/v1/tasks/execute/by-type/{type}']?.post;
    for (const name of namesOfReserved) expect(operation?.description).toContain(name);
    expect(operation?.responses).toHaveProperty('403');
    const { task_types } = (await api.root('GET', '/tasks/types')).body as {
      task_types: { name: string; ad_hoc_access: string }[];
    };
    expect(
      task_types
        .filter(({ ad_hoc_access }) => ad_hoc_access === 'admin')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(namesOfReserved);
  });
});
