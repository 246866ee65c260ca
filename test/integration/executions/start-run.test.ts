import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import { waitFor } from '../../support/process';
import { createTestApi, insertConfig, insertExecution, type TestApi } from '../../support/api-support';

let db: TestDatabase;
let worker: TestWorker;
let api: TestApi;
/** Starts runs that no worker ever takes. */
let idle: TestApi;

beforeAll(async () => {
  db = await createTestDatabase();
  worker = await startTestWorker({ database: db.database });
  api = await createTestApi({ database: db.database, temporal: worker.temporal, taskQueue: worker.taskQueue });
  idle = await createTestApi({ database: db.database, temporal: worker.temporal, taskQueue: `idle-${randomUUID()}` });
});
afterAll(async () => {
  await api?.close();
  await idle?.close();
  await worker?.stop();
  await db?.drop();
});

const statusOf = async (taskId: string) => {
  const { status, body } = await api.root('GET', `/tasks/executions/${taskId}`);
  return status === 200 ? body : undefined;
};
const ended = (taskId: string) =>
  waitFor(async () => {
    const execution = await statusOf(taskId);
    return execution && execution.status !== 'running' && execution;
  });
const running = (taskId: string) =>
  waitFor(async () => {
    const execution = await statusOf(taskId);
    return execution?.status === 'running' && execution.attempts.length > 0 && execution;
  });
const sleeper = (seconds: number, more: object = {}) =>
  insertConfig(db.database, {
    name: 'sleeper',
    task_type: 'TEST_TIMEOUT',
    parameters: { sleep_seconds: seconds },
    ...more,
  });
const describe_ = (workflowId: string) => worker.temporal.client.workflow.getHandle(workflowId).describe();

describe('running a config', () => {
  test('answers the id under which the run is found', async () => {
    const id = await insertConfig(db.database, {
      name: 'probe',
      task_type: 'HEALTH_CHECK',
      priority: 10,
      schedule_status: 'paused',
    });
    const answer = await api.root('POST', `/tasks/execute/${id}`);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        config_id: id,
        task_type: 'HEALTH_CHECK',
        status: 'submitted',
        queue: worker.taskQueue,
        message: expect.any(String),
      },
    });
    const { task_id: taskId } = answer.body;
    expect(taskId).toMatch(new RegExp(`^task-config-${id}-[\\da-f-]{36}$`));
    expect(await ended(taskId)).toMatchObject({
      task_id: taskId,
      config_id: id,
      config_name: 'probe',
      status: 'succeeded',
      is_success: true,
      triggered_by: 'manual',
      attempt: 1,
    });
    const description = await describe_(taskId);
    expect(description.memo).toEqual({ configName: 'probe', taskType: 'HEALTH_CHECK', requestedBy: api.userIds[0] });
    expect(
      description.typedSearchAttributes
        .getAll()
        .map(({ key, value }) => [key.name, value])
        .sort(),
    ).toEqual(
      expect.arrayContaining([
        ['TaskConfigId', id],
        ['TaskType', 'HEALTH_CHECK'],
        ['TriggeredBy', 'manual'],
      ]),
    );
    expect(await description.staticSummary()).toBe('HEALTH_CHECK · probe');
    expect(description.raw.workflowExecutionInfo?.priority?.priorityKey).toBe(1);
  });

  test('takes any body, which changes nothing', async () => {
    const id = await insertConfig(db.database, { task_type: 'HEALTH_CHECK' });
    for (const payload of ['', '{}', '{"options": {}}', 'nonsense']) {
      const answer = await idle.app.inject({
        method: 'POST',
        url: `/api/v1/tasks/execute/${id}`,
        headers: { authorization: `Bearer ${api.tokens[0]}`, 'content-type': 'application/json' },
        payload,
      });
      expect(answer.statusCode).toBe(200);
    }
  });

  test('that is not there, or of a type that is gone, is refused', async () => {
    expect((await api.root('POST', '/tasks/execute/999999')).status).toBe(404);
    const id = await insertConfig(db.database, { task_type: 'REMOVED_TYPE' });
    expect((await api.root('POST', `/tasks/execute/${id}`)).status).toBe(400);
    expect((await api.root('POST', '/tasks/execute/seven')).status).toBe(422);
  });

  test('with an idempotency key runs once', async () => {
    const [id, other] = [await sleeper(0), await sleeper(0)];
    const send = async (configId: number, key: string) =>
      (await api.root('POST', `/tasks/execute/${configId}`, undefined, { 'idempotency-key': key })).body.task_id;
    const [first, again] = await Promise.all([send(id, 'k1'), send(id, 'k1')]);
    expect(again).toBe(first);
    await ended(first);
    expect(await send(id, 'k1')).toBe(first);
    expect(await send(id, 'k2')).not.toBe(first);
    expect(await send(other, 'k1')).not.toBe(first);
    expect(await db.database('task_executions').where({ task_id: first })).toHaveLength(1);
  });

  test('an idempotency key has 1 to 255 characters', async () => {
    const id = await sleeper(0);
    for (const [key, type] of [
      ['', 'string_too_short'],
      ['k'.repeat(256), 'string_too_long'],
    ] as const) {
      const answer = await idle.root('POST', `/tasks/execute/${id}`, undefined, { 'idempotency-key': key });
      expect([answer.status, answer.body.detail]).toMatchObject([
        422,
        [{ type, loc: ['header', 'idempotency-key'], input: key }],
      ]);
    }
    expect(
      (await idle.root('POST', `/tasks/execute/${id}`, undefined, { 'idempotency-key': 'k'.repeat(255) })).status,
    ).toBe(200);
  });
});

describe('running a task type', () => {
  test('needs no config', async () => {
    const answer = await api.root('POST', '/tasks/execute/by-type/TEST_TIMEOUT', {
      task_params: { sleep_seconds: 0 },
      queue: 'test',
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { config_id: null, task_type: 'TEST_TIMEOUT', task_id: expect.stringMatching(/^test-timeout-/) },
    });
    expect(await ended(answer.body.task_id)).toMatchObject({
      config_id: null,
      config_name: null,
      task_type: 'TEST_TIMEOUT',
      triggered_by: 'by_type',
      parameters: { sleep_seconds: 0 },
      status: 'succeeded',
    });
    const limited = await api.root('POST', '/tasks/execute/by-type/TEST_TIMEOUT', {
      task_params: { sleep_seconds: 0 },
      options: { timeout_seconds: 9, max_retries: 2, priority: 7, colour: 'red' },
    });
    await waitFor(
      async () =>
        (
          await db
            .database('task_executions')
            .where({ task_id: limited.body.task_id, timeout_seconds: 9, max_retries: 2, priority: 7 })
        ).length === 1,
    );
    expect(
      (await api.root('POST', '/tasks/execute/by-type/TEST_TIMEOUT', { options: { timeout_seconds: 0 } })).body.detail,
    ).toMatchObject([{ loc: ['body', 'options', 'timeout_seconds'] }]);
    const bare = await api.root('POST', '/tasks/execute/by-type/HEALTH_CHECK');
    expect(await ended(bare.body.task_id)).toMatchObject({ status: 'succeeded' });
  });

  test('an idempotency key stands for the parameters it came with first', async () => {
    const send = (task_params: object) =>
      api.root('POST', '/tasks/execute/by-type/TEST_TIMEOUT', { task_params }, { 'idempotency-key': 'type-key' });
    const first = await send({ sleep_seconds: 0, note: { a: 1, b: [2] } });
    expect(await send({ note: { b: [2], a: 1 }, sleep_seconds: 0 })).toMatchObject({ status: 200, body: first.body });
    expect(await send({ sleep_seconds: 1, note: { a: 1, b: [2] } })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('Idempotency-Key') },
    });
    expect(await ended(first.body.task_id)).toMatchObject({ parameters: { sleep_seconds: 0 } });
  });

  test('refuses unknown types and bad parameters', async () => {
    expect((await api.root('POST', '/tasks/execute/by-type/health_check', {})).status).toBe(400);
    const bad = await api.root('POST', '/tasks/execute/by-type/TEST_TIMEOUT', {
      task_params: { sleep_seconds: 'long' },
    });
    expect([bad.status, bad.body.detail[0].loc]).toEqual([422, ['body', 'task_params', 'sleep_seconds']]);
    expect(
      (await api.root('POST', '/tasks/execute/by-type/TEST_TIMEOUT', { task_params: [] })).body.detail,
    ).toMatchObject([{ type: 'dict_type', loc: ['body', 'task_params'] }]);
  });
});

describe('running a batch', () => {
  test('submits what can run, and names what cannot', async () => {
    const [short, long, gone] = [
      await insertConfig(db.database, { task_type: 'HEALTH_CHECK' }),
      await sleeper(0),
      await insertConfig(db.database, { task_type: 'REMOVED_TYPE' }),
    ];
    const { status, body } = await api.root('POST', '/tasks/execute/batch', {
      config_ids: [short, 999_999, long, gone, short],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      total_submitted: 3,
      config_ids: [short, long, short],
      total_failed: 2,
      failed: [
        { id: 999_999, error: expect.any(String) },
        { id: gone, error: expect.any(String) },
      ],
      status: 'submitted',
    });
    const executions = await Promise.all(body.task_ids.map(ended));
    expect(executions.map((execution) => [execution.config_id, execution.status, execution.triggered_by])).toEqual([
      [short, 'succeeded', 'batch'],
      [long, 'succeeded', 'batch'],
      [short, 'succeeded', 'batch'],
    ]);
  });

  test('of nothing that can run starts nothing', async () => {
    expect((await api.root('POST', '/tasks/execute/batch', { config_ids: [999_999] })).body).toMatchObject({
      task_ids: [],
      total_submitted: 0,
      total_failed: 1,
    });
  });

  test('with an idempotency key runs once, and answers as before', async () => {
    const id = await insertConfig(db.database, { task_type: 'HEALTH_CHECK' });
    const send = async (config_ids: number[]) =>
      (await api.root('POST', '/tasks/execute/batch', { config_ids }, { 'idempotency-key': 'batch-key' })).body;
    const first = await send([id, id]);
    expect(await send([id, id])).toEqual(first);
    await ended(first.task_ids[1]);
    expect(await db.database('task_executions').where({ config_id: id })).toHaveLength(2);
    expect(
      await api.root('POST', '/tasks/execute/batch', { config_ids: [id] }, { 'idempotency-key': 'batch-key' }),
    ).toMatchObject({ status: 409, body: { detail: expect.stringContaining('Idempotency-Key') } });
  });

  test('answers a repetition as before, whatever has become of its configs', async () => {
    const [kept, deleted] = [
      await insertConfig(db.database, { task_type: 'HEALTH_CHECK' }),
      await insertConfig(db.database, { task_type: 'HEALTH_CHECK' }),
    ];
    for (const config_ids of [[kept, deleted, 999_999], [deleted]]) {
      const send = async () =>
        (
          await api.root(
            'POST',
            '/tasks/execute/batch',
            { config_ids },
            { 'idempotency-key': `repeat ${config_ids.length}` },
          )
        ).body;
      await db
        .database('task_configs')
        .insert({ id: deleted, name: 'again', task_type: 'HEALTH_CHECK', scheduler_type: 'manual' })
        .onConflict('id')
        .ignore();
      const first = await send();
      expect(first).toMatchObject({
        total_submitted: config_ids.includes(kept) ? 2 : 1,
        total_failed: config_ids.includes(kept) ? 1 : 0,
      });
      await db.database('task_configs').where({ id: deleted }).delete();
      expect(await send()).toEqual(first);
    }
  });

  test('has 1 to 1,000 ids', async () => {
    expect((await api.root('POST', '/tasks/execute/batch', { config_ids: [] })).body.detail).toMatchObject([
      { type: 'too_short' },
    ]);
    expect(
      (await api.root('POST', '/tasks/execute/batch', { config_ids: Array(1_001).fill(1) })).body.detail,
    ).toMatchObject([{ type: 'too_long' }]);
    expect((await api.root('POST', '/tasks/execute/batch')).body.detail).toMatchObject([
      { type: 'missing', loc: ['body'] },
    ]);
  });
});

describe('retrying', () => {
  test('repeats the parameters and limits of the run, linked both ways', async () => {
    const configId = await sleeper(60, { max_retries: 9 });
    const original = await insertExecution(db.database, {
      config_id: configId,
      status: 'failed',
      parameters: { sleep_seconds: 0 },
      max_retries: 2,
      timeout_seconds: 30,
      priority: 7,
    });
    const answer = await api.root('POST', `/tasks/executions/${original}/retry`);
    expect(answer).toMatchObject({
      status: 200,
      body: { config_id: configId, task_type: 'TEST_TIMEOUT', status: 'submitted', retry_of: original },
    });
    const retry = await ended(answer.body.task_id);
    expect(retry).toMatchObject({
      status: 'succeeded',
      triggered_by: 'retry',
      retry_of: original,
      parameters: { sleep_seconds: 0 },
    });
    expect(await db.database('task_executions').where({ id: retry.id }).first()).toMatchObject({
      max_retries: 2,
      timeout_seconds: 30,
      priority: 7,
      requested_by: api.userIds[0],
    });
    expect(await statusOf(String(original))).toMatchObject({ retried_by: retry.id });
  });

  test('works when the config is gone, by task id', async () => {
    const original = await insertExecution(db.database, {
      task_id: 'orphan',
      task_type: 'HEALTH_CHECK',
      status: 'succeeded',
    });
    const { body } = await api.root('POST', '/tasks/executions/orphan/retry', {});
    expect(await ended(body.task_id)).toMatchObject({ config_id: null, retry_of: original, status: 'succeeded' });
  });

  test('is refused while it runs, for unknown runs, and for types that are gone', async () => {
    const id = await insertExecution(db.database, { status: 'running' });
    expect(await api.root('POST', `/tasks/executions/${id}/retry`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('still running') },
    });
    expect((await api.root('POST', '/tasks/executions/999999/retry')).status).toBe(404);
    const old = await insertExecution(db.database, { task_type: 'REMOVED_TYPE' });
    expect((await api.root('POST', `/tasks/executions/${old}/retry`)).status).toBe(400);
  });
});

describe('stopping', () => {
  test('cancel ends the work, and is recorded', async () => {
    const { body } = await api.root('POST', `/tasks/execute/${await sleeper(60)}`);
    const live = await running(body.task_id);
    expect(live.live).toMatchObject({
      history_length: expect.any(Number),
      pending_activities: [{ type: 'executeTask', attempt: 1, last_failure: null }],
    });
    expect(await api.root('POST', `/tasks/executions/${live.id}/cancel`)).toMatchObject({
      status: 200,
      body: { success: true, message: expect.any(String), task_id: body.task_id },
    });
    expect(await ended(body.task_id)).toMatchObject({
      status: 'cancelled',
      is_success: false,
      error_message: expect.stringMatching(/cancel/i),
    });
    expect((await api.root('POST', `/tasks/executions/${live.id}/cancel`)).status).toBe(409);
  });

  test('terminate ends the run at once', async () => {
    const { body } = await api.root('POST', `/tasks/execute/${await sleeper(60)}`);
    await running(body.task_id);
    expect((await api.root('POST', `/tasks/executions/${body.task_id}/terminate`)).status).toBe(200);
    expect(await statusOf(body.task_id)).toMatchObject({
      status: 'terminated',
      error_message: 'Terminated by root',
      completed_at: expect.any(String),
      attempts: [{ outcome: 'terminated' }],
    });
    expect((await describe_(body.task_id)).status.name).toBe('TERMINATED');
    expect((await api.root('POST', `/tasks/executions/${body.task_id}/terminate`)).status).toBe(409);
  });

  test.each(['cancel', 'terminate'])('%s reaches a run that has not begun yet', async (how) => {
    const { body } = await idle.root('POST', `/tasks/execute/${await sleeper(60)}`);
    expect((await api.root('GET', `/tasks/executions/${body.task_id}`)).status).toBe(404);
    expect(await idle.root('POST', `/tasks/executions/${body.task_id}/${how}`)).toMatchObject({
      status: 200,
      body: { task_id: body.task_id },
    });
    const { raw, status } = await describe_(body.task_id);
    expect(how === 'cancel' ? raw.workflowExtendedInfo?.cancelRequested : status.name === 'TERMINATED').toBe(true);
  });

  test.each(['cancel', 'terminate'])('%s leaves the workflows of others alone', async (how) => {
    const workflowId = `foreign-${randomUUID()}`;
    await worker.temporal.client.workflow.start('somethingElse', { workflowId, taskQueue: 'elsewhere' });
    expect((await api.root('POST', `/tasks/executions/${workflowId}/${how}`)).status).toBe(404);
    const description = await describe_(workflowId);
    expect([description.status.name, description.raw.workflowExtendedInfo?.cancelRequested ?? false]).toEqual([
      'RUNNING',
      false,
    ]);
    await worker.temporal.client.workflow.getHandle(workflowId).terminate();
  });

  test.each([
    ['cancel', 'cancelled'],
    ['terminate', 'terminated'],
  ])('%s of one run of a batch spares the others', async (how, status) => {
    const workflowId = `batch-${randomUUID()}`;
    const [first, second] = [1, 2].map((n) =>
      insertExecution(db.database, {
        task_id: `${workflowId}-${n}`,
        workflow_id: workflowId,
        batch_index: n,
        status: 'running',
      }),
    );
    expect((await api.root('POST', `/tasks/executions/${await first}/${how}`)).status).toBe(200);
    expect([(await statusOf(String(await first))).status, (await statusOf(String(await second))).status]).toEqual([
      status,
      'running',
    ]);
  });

  test('an unknown run is a 404, one that ended a 409', async () => {
    const id = await insertExecution(db.database);
    for (const how of ['cancel', 'terminate']) {
      expect((await api.root('POST', `/tasks/executions/999999/${how}`)).status).toBe(404);
      expect((await api.root('POST', `/tasks/executions/no-such-run/${how}`)).status).toBe(404);
      expect((await api.root('POST', `/tasks/executions/${id}/${how}`)).status).toBe(409);
    }
    const stale = await insertExecution(db.database, { status: 'running' });
    expect((await api.root('POST', `/tasks/executions/${stale}/cancel`)).status).toBe(409);
  });
});
