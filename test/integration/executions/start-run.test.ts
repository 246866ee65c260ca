import { insertConfig } from '../../support/api-support';
import { waitFor } from '../../support/process';
import { useRunApi, type RunApi } from '../../support/run-support';

let db: RunApi['db'];
let worker: RunApi['worker'];
let api: RunApi['api'];
let idle: RunApi['idle'];

const { ended, createSleeper, describeWorkflow } = useRunApi((stack) => {
  ({ db, worker, api, idle } = stack);
});

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
    const description = await describeWorkflow(taskId);
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

  test('starts a run of a config whose long name is wider than a Temporal summary', async () => {
    const id = await insertConfig(db.database, { name: '名'.repeat(200), task_type: 'HEALTH_CHECK' });
    const answer = await api.root('POST', `/tasks/execute/${id}`);
    expect(answer).toMatchObject({ status: 200 });
    expect(await ended(answer.body.task_id)).toMatchObject({ config_id: id, status: 'succeeded' });
    const description = await describeWorkflow(answer.body.task_id);
    expect(await description.staticSummary()).toMatch(/^HEALTH_CHECK · 名{94}$/);
  });

  test('accepts any body, which changes nothing', async () => {
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

  test('refuses an unknown config, and one whose type was removed', async () => {
    expect((await api.root('POST', '/tasks/execute/999999')).status).toBe(404);
    const id = await insertConfig(db.database, { task_type: 'REMOVED_TYPE' });
    expect((await api.root('POST', `/tasks/execute/${id}`)).status).toBe(400);
    expect((await api.root('POST', '/tasks/execute/seven')).status).toBe(422);
  });

  test('runs once for an idempotency key', async () => {
    const [id, other] = [await createSleeper(0), await createSleeper(0)];
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

  test('accepts an idempotency key of 1 to 255 characters', async () => {
    const id = await createSleeper(0);
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

  test('binds an idempotency key to the parameters of its first request', async () => {
    const send = (task_params: object) =>
      api.root('POST', '/tasks/execute/by-type/CLEANUP_TOKENS', { task_params }, { 'idempotency-key': 'type-key' });
    const first = await send({ days_old: 5, dry_run: true });
    expect(await send({ dry_run: true, days_old: 5 })).toMatchObject({ status: 200, body: first.body });
    expect(await send({ days_old: 6, dry_run: true })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('Idempotency-Key') },
    });
    expect(await ended(first.body.task_id)).toMatchObject({ parameters: { days_old: 5, dry_run: true } });
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
