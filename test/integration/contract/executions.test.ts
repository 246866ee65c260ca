import { insertConfig, insertExecution } from '../../support/api-support';
import { faultsOf, NO_ID, useContract, type Answer } from './contract-api';

const contract = useContract(['executions', 'execute']);
const { root } = contract;

const GONE = { status: 404, body: { detail: expect.any(String) } };
const HOUR = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * HOUR);
const run = (columns: Record<string, unknown> = {}) => insertExecution(contract.database, columns);
const config = (columns: Record<string, unknown> = {}) => insertConfig(contract.database, columns);
const idsOf = ({ body }: Answer) => (body.executions ?? body.failed_executions).map(({ id }: { id: number }) => id);
beforeEach(() => contract.database('task_executions').delete());

describe('27 GET /tasks/executions/by-config/{id} and configs/{id}', () => {
  test.each(['by-config', 'configs'])(
    '%s lists fifty runs of a config, newest first, and none of an unknown config',
    async (spelling) => {
      const config_id = await config();
      const [old, newer] = [
        await run({ config_id, started_at: ago(5) }),
        await run({ config_id, started_at: ago(1), result: { return_value: 1 } }),
      ];
      await run();
      const answer = await root('GET', `/tasks/executions/${spelling}/${config_id}`);
      expect([idsOf(answer), answer.body.config_id]).toEqual([[newer, old], config_id]);
      expect(idsOf(await root('GET', `/tasks/executions/${spelling}/${config_id}?limit=1`))).toEqual([newer]);
      expect((await root('GET', `/tasks/executions/${spelling}/${NO_ID}`)).body).toEqual({
        config_id: NO_ID,
        executions: [],
        count: 0,
      });
      expect(
        faultsOf(await root('GET', `/tasks/executions/${spelling}/x?limit=0&status=odd&cursor=${'x'.repeat(501)}`)).map(
          ([, loc]) => loc,
        ),
      ).toEqual(['path.id', 'query.limit', 'query.status.0', 'query.cursor']);
    },
  );
  for (const spelling of ['by-config', 'configs'])
    contract.testInteger(`/tasks/executions/${spelling}/1`, 'limit', 1, 200);
});

describe('28 and 29 GET /tasks/executions/recent and failed', () => {
  test('recent lists the runs of the last day, or of the given hours, newest first', async () => {
    const [old, young, failed] = [
      await run({ started_at: ago(30) }),
      await run({ started_at: ago(2) }),
      await run({ started_at: ago(1), status: 'failed', error_message: '失败', error_traceback: 'at' }),
    ];
    const answer = await root('GET', '/tasks/executions/recent');
    expect([idsOf(answer), answer.body.hours]).toEqual([[failed, young], 24]);
    expect(idsOf(await root('GET', '/tasks/executions/recent?hours=720'))).toEqual([failed, young, old]);
    expect(idsOf(await root('GET', '/tasks/executions/recent?hours=1'))).toEqual([]);
  });

  test('failed lists the unsuccessful runs of the last week, with the traceback and without a result', async () => {
    await run();
    const ids = await Promise.all(
      ['failed', 'timed_out', 'cancelled', 'terminated'].map((status, index) =>
        run({ status, started_at: ago(index + 1), result: { a: 1 }, error_traceback: 'at' }),
      ),
    );
    await run({ status: 'failed', started_at: ago(24 * 8) });
    const answer = await root('GET', '/tasks/executions/failed');
    expect([idsOf(answer), answer.body.days]).toEqual([ids, 7]);
    for (const one of answer.body.failed_executions)
      expect(one).toMatchObject({ is_success: false, result: null, error_traceback: 'at' });
    expect(idsOf(await root('GET', '/tasks/executions/failed?days=90'))).toHaveLength(5);
  });
  contract.testInteger('/tasks/executions/recent', 'hours', 1, 720);
  contract.testInteger('/tasks/executions/recent', 'limit', 1, 500);
  contract.testInteger('/tasks/executions/failed', 'days', 1, 90);
  contract.testInteger('/tasks/executions/failed', 'limit', 1, 200);
});

describe('30 GET /tasks/executions/stats and {config id}/stats', () => {
  test('counts all runs or those of one config, in both spellings, and breaks down only all of them', async () => {
    const config_id = await config();
    await run({ config_id });
    await run({ config_id, status: 'failed', duration_seconds: 100 });
    await run();
    for (const query of ['', '?config_id=0', '?days=365'])
      expect((await root('GET', `/tasks/executions/stats${query}`)).body).toMatchObject({
        total_executions: 3,
        success_count: 2,
        failed_count: 1,
        avg_duration_seconds: 2,
        type_breakdown: { TEST_TIMEOUT: 3 },
      });
    const [one, other] = [
      (await root('GET', `/tasks/executions/stats?config_id=${config_id}`)).body,
      (await root('GET', `/tasks/executions/${config_id}/stats`)).body,
    ];
    expect({ ...one, timestamp: 0 }).toEqual({ ...other, timestamp: 0 });
    expect(one).toMatchObject({ period_days: 30, config_id, total_executions: 2, success_rate: 50, failure_rate: 50 });
    expect((await root('GET', `/tasks/executions/${NO_ID}/stats`)).body).toMatchObject({
      total_executions: 0,
      success_rate: 0,
      failure_rate: 0,
      avg_duration_seconds: 0,
    });
    expect(faultsOf(await root('GET', '/tasks/executions/stats?days=0&config_id=x'))).toEqual([
      ['greater_than_equal', 'query.days'],
      ['int_parsing', 'query.config_id'],
    ]);
    expect(faultsOf(await root('GET', '/tasks/executions/x/stats?days=366'))).toEqual([
      ['int_parsing', 'path.id'],
      ['less_than_equal', 'query.days'],
    ]);
  });
  contract.testInteger('/tasks/executions/stats', 'days', 1, 365);
  contract.testInteger('/tasks/executions/1/stats', 'days', 1, 365);
});

describe('31 GET /tasks/executions/{id}', () => {
  test('finds a run by row id or by task id, and the newest of several', async () => {
    const config_id = await config({ name: '命名' });
    await run({ task_id: 'shared', workflow_id: 'w1' });
    const newest = await run({
      task_id: 'shared',
      workflow_id: 'w2',
      config_id,
      status: 'failed',
      error_message: 'why',
    });
    for (const key of ['shared', String(newest), `0${newest}`])
      expect((await root('GET', `/tasks/executions/${key}`)).body).toMatchObject({
        id: newest,
        task_id: 'shared',
        config_id,
        config_name: '命名',
        error_message: 'why',
        is_success: false,
      });
    for (const key of ['none', '0', String(NO_ID), '99999999999', '%20', '任务', 'recentx', '-1', '1.5'])
      expect([key, await root('GET', `/tasks/executions/${encodeURI(key)}`)]).toMatchObject([key, GONE]);
    expect((await root('GET', `/tasks/executions/${'x'.repeat(255)}`)).status).toBe(404);
    expect(faultsOf(await root('GET', `/tasks/executions/${'x'.repeat(256)}`))).toEqual([
      ['string_too_long', 'path.id'],
    ]);
  });
});

describe('32 DELETE /tasks/executions/cleanup', () => {
  const clean = (query = '') => root('DELETE', `/tasks/executions/cleanup${query}`);
  test('deletes runs that were recorded long ago', async () => {
    for (const days of [29, 31, 89, 91, 400]) await run({ created_at: ago(24 * days) });
    expect((await clean()).body).toMatchObject({ success: true, deleted_count: 2 });
    expect((await clean('?days_to_keep=30')).body).toMatchObject({ deleted_count: 2 });
    expect((await clean('?days_to_keep=365')).body).toMatchObject({ deleted_count: 0 });
    for (const [days, type] of [
      [29, 'greater_than_equal'],
      [366, 'less_than_equal'],
      ['x', 'int_parsing'],
    ])
      expect(faultsOf(await clean(`?days_to_keep=${days}`))).toEqual([[type, 'query.days_to_keep']]);
  });
});

describe('33 to 35, running now', () => {
  test('runs a config, whatever its schedule', async () => {
    for (const columns of [
      {},
      { scheduler_type: 'cron', schedule_config: { cron_expression: '0 3 * * *' }, schedule_status: 'paused' },
      { scheduler_type: 'date', schedule_config: { run_date: '2020-01-01' }, schedule_status: 'error' },
    ]) {
      const id = await config(columns);
      expect((await root('POST', `/tasks/execute/${id}`, { options: { any: 1 } })).body).toMatchObject({
        config_id: id,
        task_type: 'TEST_TIMEOUT',
      });
    }
    expect(await root('POST', `/tasks/execute/${NO_ID}`)).toMatchObject(GONE);
    expect(await root('POST', `/tasks/execute/${await config({ task_type: 'REMOVED' })}`)).toMatchObject({
      status: 400,
      body: { detail: expect.any(String) },
    });
    expect(faultsOf(await root('POST', '/tasks/execute/x', undefined, { 'idempotency-key': '' }))).toEqual([
      ['int_parsing', 'path.id'],
      ['string_too_short', 'header.idempotency-key'],
    ]);
  });

  test('runs a task type without a config', async () => {
    const byType = (type: string, body?: object) => root('POST', `/tasks/execute/by-type/${type}`, body);
    for (const body of [undefined, {}, { task_params: { sleep_seconds: 0 }, queue: 'test', options: { any: 1 } }])
      expect((await byType('TEST_TIMEOUT', body)).body).toMatchObject({ config_id: null, task_type: 'TEST_TIMEOUT' });
    for (const type of ['test_timeout', 'NONE', '任务', "' OR 1=1 --", '__proto__', 'constructor'])
      expect([type, await byType(encodeURIComponent(type))]).toMatchObject([
        type,
        { status: 400, body: { detail: expect.any(String) } },
      ]);
    expect(
      faultsOf(await byType('TEST_TIMEOUT', { task_params: { sleep_seconds: -1 }, queue: 5, options: [] })).map(
        ([, loc]) => loc,
      ),
    ).toEqual(['body.queue', 'body.options', 'body.task_params.sleep_seconds']);
    expect(
      faultsOf(await byType('TEST_TIMEOUT', { task_params: null, queue: null, options: null })).map(([, loc]) => loc),
    ).toEqual(['body.task_params', 'body.queue', 'body.options']);
  });

  test('runs many configs, some of which may not exist', async () => {
    const [one, two] = [await config(), await config()];
    const { body } = await root('POST', '/tasks/execute/batch', {
      config_ids: [one, NO_ID, String(two), one],
      options: {},
    });
    expect(body).toMatchObject({
      total_submitted: 3,
      config_ids: [one, two, one],
      total_failed: 1,
      failed: [{ id: NO_ID }],
    });
    expect(body.task_ids).toHaveLength(3);
    expect(faultsOf(await root('POST', '/tasks/execute/batch', { config_ids: [], options: 1 }))).toEqual([
      ['too_short', 'body.config_ids'],
      ['dict_type', 'body.options'],
    ]);
    expect(faultsOf(await root('POST', '/tasks/execute/batch', {}))).toEqual([['missing', 'body.config_ids']]);
  });
});

test('a run can be cancelled, terminated and retried', async () => {
  const submit = async () => (await root('POST', '/tasks/execute/by-type/TEST_TIMEOUT')).body.task_id;
  for (const how of ['cancel', 'terminate']) {
    const taskId = await submit();
    expect((await root('POST', `/tasks/executions/${taskId}/${how}`)).body).toMatchObject({ task_id: taskId });
    expect(await root('POST', `/tasks/executions/${NO_ID}/${how}`)).toMatchObject(GONE);
    expect((await root('POST', `/tasks/executions/${await run()}/${how}`)).status).toBe(409);
  }
  const failed = await run({ status: 'failed' });
  expect((await root('POST', `/tasks/executions/${failed}/retry`)).body).toMatchObject({ retry_of: failed });
  expect(await root('POST', `/tasks/executions/${NO_ID}/retry`)).toMatchObject(GONE);
  expect((await root('POST', `/tasks/executions/${await run({ status: 'running' })}/retry`)).status).toBe(409);
});

test('answers the progress of a run during and after it', async () => {
  expect((await root('GET', `/tasks/executions/${await run()}/progress`)).body).toMatchObject({
    status: 'succeeded',
    percent: 100,
    phase: 'ended',
  });
  expect((await root('GET', `/tasks/executions/${await run({ status: 'running' })}/progress`)).body).toMatchObject({
    status: 'running',
    percent: null,
  });
  expect(await root('GET', `/tasks/executions/${NO_ID}/progress`)).toMatchObject(GONE);
});

contract.testCoverage();
