import { insertConfig, insertExecution, UI_URL, type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
let configId: number;

useTestApi('file', (stack) => ({ db, api } = stack));
beforeEach(async () => {
  await db.database('task_executions').delete();
  await db.database('task_configs').delete();
  configId = await insertConfig(db.database, { name: 'nightly' });
});

const insert = (columns: Record<string, unknown> = {}) =>
  insertExecution(db.database, { config_id: configId, ...columns });
const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000);
const get = async (path: string) => (await api.root('GET', `/tasks/executions${path}`)).body;
const idsOf = (executions: { id: number }[]) => executions.map((execution) => execution.id);

describe('the runs of a config', () => {
  test.each(['by-config', 'configs'])('%s lists them newest first', async (spelling) => {
    const old = await insert({ started_at: ago(2), result: { return_value: { sleep_seconds: 1 } } });
    const failed = await insert({
      started_at: ago(1),
      status: 'failed',
      error_message: 'broken',
      error_traceback: 'at line 1',
    });
    await insert({ status: 'running' });
    await insertExecution(db.database);
    const body = await get(`/${spelling}/${configId}`);
    expect(body).toMatchObject({ config_id: configId, count: 2 });
    expect(idsOf(body.executions)).toEqual([failed, old]);
    const [row] = await db.database('task_executions').where({ id: old });
    expect(body.executions[1]).toEqual({
      id: old,
      task_id: row.task_id,
      config_id: configId,
      config_name: 'nightly',
      is_success: true,
      started_at: row.started_at.toISOString(),
      completed_at: row.completed_at.toISOString(),
      duration_seconds: 2,
      result: { return_value: { sleep_seconds: 1 } },
      error_message: null,
      created_at: row.created_at.toISOString(),
      status: 'succeeded',
      task_type: 'TEST_TIMEOUT',
      triggered_by: 'manual',
      scheduled_at: null,
      workflow_id: row.workflow_id,
      run_id: row.run_id,
      attempt: 1,
      retry_of: null,
      retried_by: null,
      temporal_ui_url: `${UI_URL}/namespaces/default/workflows/${row.workflow_id}/${row.run_id}/history`,
    });
    expect(await get(`/${spelling}/999999`)).toEqual({ config_id: 999_999, executions: [], count: 0 });
  });

  test('lists other states on request', async () => {
    const running = await insert({ status: 'running', started_at: ago(3) });
    const cancelled = await insert({ status: 'cancelled', started_at: ago(2) });
    const failed = await insert({ status: 'failed', started_at: ago(1) });
    const of = async (query: string) => idsOf((await get(`/by-config/${configId}?${query}`)).executions);
    expect(await of('status=running')).toEqual([running]);
    expect(await of('status=failed,cancelled')).toEqual([failed, cancelled]);
    expect(await of('status=failed&status=running')).toEqual([failed, running]);
    expect(await of('status=all')).toEqual([failed, cancelled, running]);
    expect((await api.root('GET', `/tasks/executions/by-config/${configId}?status=asleep`)).body.detail).toMatchObject([
      { type: 'enum', loc: ['query', 'status', 0] },
    ]);
  });

  test('lists each once, page by page, also when they began at the same microsecond', async () => {
    const started_at = '2026-01-01T00:00:00.123456Z';
    const ids: number[] = [];
    for (let n = 0; n < 7; n += 1)
      ids.unshift(await insert({ started_at: n < 5 ? started_at : '2026-01-01T00:00:00.123457Z' }));
    const seen: number[] = [];
    let url: string | undefined = `/api/v1/tasks/executions/by-config/${configId}?limit=3`;
    let pages = 0;
    while (url !== undefined) {
      const answer = await api.root('GET', url);
      seen.push(...idsOf(answer.body.executions));
      pages += 1;
      const link = /<([^>]+)>; rel="next"/.exec(String(answer.headers.link ?? ''))?.[1];
      expect(answer.headers['x-next-cursor'] === undefined).toBe(link === undefined);
      url = link;
    }
    expect([pages, seen]).toEqual([3, ids]);
    expect(
      (await api.root('GET', `/tasks/executions/by-config/${configId}?cursor=nonsense`)).body.detail,
    ).toMatchObject([{ type: 'value_error', loc: ['query', 'cursor'] }]);
  });
});

describe('the runs of a time', () => {
  test('recent reaches 30 days back', async () => {
    const [recent, older] = [await insert({ error_traceback: 'trace' }), await insert({ started_at: ago(700) })];
    await insert({ started_at: ago(800) });
    expect(await get('/recent')).toMatchObject({
      hours: 24,
      count: 1,
      executions: [{ id: recent, config_name: 'nightly', task_type: 'TEST_TIMEOUT', error_traceback: 'trace' }],
    });
    expect(idsOf((await get('/recent?hours=720')).executions)).toEqual([recent, older]);
    expect((await api.root('GET', '/tasks/executions/recent?hours=721&limit=501')).body.detail).toHaveLength(2);
  });

  test('refuses a cursor that no page has named', async () => {
    const ofText = (text: string) => Buffer.from(text).toString('base64url');
    for (const text of [
      '9999-99-99T99:99:99.999999Z:1',
      '2026-02-30T00:00:00.000000Z:1',
      '0000-01-01T00:00:00.000000Z:1',
      '2026-11-23T00:00:00.000000Z:9999999999',
    ]) {
      const answer = await api.root('GET', `/tasks/executions/recent?cursor=${ofText(`e:${text}`)}`);
      expect([text, answer.status, answer.body.detail]).toMatchObject([text, 422, [{ loc: ['query', 'cursor'] }]]);
    }
    expect(
      (await api.root('GET', `/tasks/executions/recent?cursor=${ofText('e:2026-11-23T00:00:00.000000Z:1')}`)).status,
    ).toBe(200);
  });

  test.each([
    ['bogus', 'bogus'],
    ['', ''],
    ['failed,bogus', 'bogus'],
    ['failed&status=bogus', 'bogus'],
  ])('refuses status=%s, and names the value as it was sent', async (status, input) => {
    expect((await api.root('GET', `/tasks/executions/recent?status=${status}`)).body.detail).toMatchObject([
      { type: 'enum', input },
    ]);
  });

  test('failed lists all that did not succeed', async () => {
    await insert({ result: { return_value: {} } });
    await insert({ status: 'running' });
    const ids = [
      await insert({ status: 'failed', error_traceback: 'trace' }),
      await insert({ status: 'timed_out', started_at: ago(1) }),
      await insert({ status: 'cancelled', started_at: ago(2) }),
    ];
    await insert({ status: 'failed', started_at: ago(24 * 8) });
    const body = await get('/failed');
    expect(body).toMatchObject({
      days: 7,
      count: 3,
      failed_executions: [{ error_traceback: 'trace', result: null, is_success: false }, {}, {}],
    });
    expect(idsOf(body.failed_executions)).toEqual(ids);
    expect(idsOf((await get('/failed?status=timed_out')).failed_executions)).toEqual([ids[1]]);
    expect((await api.root('GET', '/tasks/executions/failed?days=91')).status).toBe(422);
  });
});

describe('one run', () => {
  test('is found by row id or by task id, the newest when several share it, with its attempts', async () => {
    const first = await insert({ task_id: 'shared', status: 'failed', parameters: { sleep_seconds: 2 }, attempt: 2 });
    await db.database('task_attempts').insert([
      {
        execution_id: first,
        attempt: 1,
        outcome: 'failed',
        worker: 'w1',
        started_at: ago(1),
        ended_at: ago(0.9),
        failure: { message: 'broken' },
      },
      { execution_id: first, attempt: 2, outcome: 'running', worker: 'w2', started_at: ago(0.8) },
    ]);
    const second = await insert({ task_id: 'shared', retry_of: first });
    expect(await get(`/${first}`)).toMatchObject({
      id: first,
      config_name: 'nightly',
      retried_by: second,
      parameters: { sleep_seconds: 2 },
      attempts: [
        { attempt: 1, outcome: 'failed', worker: 'w1', failure: { message: 'broken' }, ended_at: expect.any(String) },
        { attempt: 2, outcome: 'running', worker: 'w2', failure: null, ended_at: null },
      ],
    });
    expect(await get('/shared')).toMatchObject({ id: second, retry_of: first, retried_by: null, attempts: [] });
  });

  test('has no live state when Temporal does not know it', async () => {
    const id = await insert({ status: 'running' });
    const body = await get(`/${id}`);
    expect(body).toMatchObject({ status: 'running', completed_at: null, duration_seconds: null });
    expect(Object.keys(body)).not.toContain('live');
  });

  test.each(['999999', '99999999999999999999', 'no-such-task', 'summary'])('answers 404 for %s', async (id) => {
    expect(await api.root('GET', `/tasks/executions/${id}`)).toMatchObject({
      status: 404,
      body: { detail: 'Execution not found' },
    });
  });
});

test('cleanup deletes finished runs that were recorded long ago', async () => {
  const kept = [
    await insert({ created_at: ago(24 * 89) }),
    await insert({ created_at: ago(24 * 400), status: 'running' }),
  ];
  const [old, older] = [await insert({ created_at: ago(24 * 91) }), await insert({ created_at: ago(24 * 366) })];
  expect((await api.root('DELETE', '/tasks/executions/cleanup?days_to_keep=365')).body).toEqual({
    success: true,
    deleted_count: 1,
    message: expect.any(String),
  });
  expect((await api.root('DELETE', '/tasks/executions/cleanup')).body).toMatchObject({ deleted_count: 1 });
  const left = await db.database('task_executions').orderBy('id').pluck('id');
  expect(left).toEqual(kept);
  expect(left).not.toContain(old);
  expect(left).not.toContain(older);
  expect((await api.root('DELETE', '/tasks/executions/cleanup?days_to_keep=29')).status).toBe(422);
});
