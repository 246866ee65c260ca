import { connectTemporal } from '../../../src/platform/temporal';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import { waitFor } from '../../support/process';
import { createTestApi, insertConfig, insertExecution, type TestApi } from '../../support/api-support';
import type { TemporalConnection } from '../../../src/platform/temporal';

let db: TestDatabase;
let temporal: TemporalConnection;
let api: TestApi;

beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  api = await createTestApi({ database: db.database, temporal });
});
beforeEach(() => db.database('task_configs').delete());
afterAll(async () => {
  await api?.close();
  await temporal?.close();
  await db?.drop();
});

const interval = {
  name: 'hourly',
  task_type: 'TEST_TIMEOUT',
  scheduler_type: 'interval',
  parameters: { sleep_seconds: 1 },
  schedule_config: { interval_seconds: 3_600 },
};
const create = async (body: object = {}, query = '') =>
  (await api.root('POST', `/tasks/configs${query}`, { ...interval, ...body })).body;
const rows = async () => Number((await db.database('task_configs').count('* as n'))[0]?.n);
const scheduleOf = (id: number) => temporal.client.schedule.getHandle(`task-config-${id}`);
const locOf = (answer: { body: { detail: { loc: unknown[]; type: string }[] } }) =>
  answer.body.detail.map((item) => [item.type, item.loc.join('.')]);

describe('creating', () => {
  test('stores what was sent, with defaults', async () => {
    const answer = await api.root('POST', '/tasks/configs', {
      name: 'by hand',
      task_type: 'HEALTH_CHECK',
      scheduler_type: 'manual',
      is_admin: true,
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(Number),
      name: 'by hand',
      description: null,
      task_type: 'HEALTH_CHECK',
      scheduler_type: 'manual',
      parameters: {},
      schedule_config: {},
      max_retries: 0,
      timeout_seconds: null,
      priority: 5,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: null,
      schedule_status: 'inactive',
      is_scheduled: false,
      status_consistent: true,
      schedule_error: null,
    });
  });

  test.each(['auto_schedule=true', 'auto_start=yes'])('with %s it is armed at once', async (query) => {
    const config = await create({}, `?${query}`);
    expect(config).toMatchObject({ schedule_status: 'active', is_scheduled: true, status_consistent: true });
    expect((await scheduleOf(config.id).describe()).state.paused).toBe(false);
  });

  test('a manual one is never armed', async () => {
    expect(await create({ scheduler_type: 'manual', schedule_config: {} }, '?auto_schedule=1')).toMatchObject({
      schedule_status: 'inactive',
      status_consistent: true,
    });
  });

  test.each([
    [{ task_type: 'NO_SUCH_TASK' }, [['enum', 'body.task_type']]],
    [{ scheduler_type: 'weekly' }, [['enum', 'body.scheduler_type']]],
    [
      { name: '', priority: 11, max_retries: -1, timeout_seconds: 0 },
      [
        ['string_too_short', 'body.name'],
        ['greater_than_equal', 'body.max_retries'],
        ['greater_than', 'body.timeout_seconds'],
        ['less_than_equal', 'body.priority'],
      ],
    ],
    [
      {
        name: '',
        parameters: { sleep_seconds: 'long' },
        scheduler_type: 'cron',
        schedule_config: { cron_expression: '61 * * * *' },
      },
      [
        ['string_too_short', 'body.name'],
        ['int_parsing', 'body.parameters.sleep_seconds'],
        ['value_error', 'body.schedule_config.cron_expression'],
      ],
    ],
    [
      { name: 7, task_type: 'NO_SUCH_TASK', parameters: [], schedule_config: {} },
      [
        ['string_type', 'body.name'],
        ['enum', 'body.task_type'],
        ['dict_type', 'body.parameters'],
        ['value_error', 'body.schedule_config.interval_seconds'],
      ],
    ],
    [
      { name: 'x'.repeat(201), description: 'x'.repeat(501) },
      [
        ['string_too_long', 'body.name'],
        ['string_too_long', 'body.description'],
      ],
    ],
    [
      { parameters: { sleep_seconds: 'long' }, schedule_config: { interval_seconds: -1 } },
      [
        [expect.any(String), 'body.parameters.sleep_seconds'],
        ['value_error', 'body.schedule_config.interval_seconds'],
      ],
    ],
    [{ scheduler_type: 'cron', schedule_config: {} }, [['value_error', 'body.schedule_config.cron_expression']]],
    [
      { scheduler_type: 'cron', schedule_config: { cron_expression: '61 * * * *' } },
      [['value_error', 'body.schedule_config.cron_expression']],
    ],
    [{ scheduler_type: 'date', schedule_config: {} }, [['value_error', 'body.schedule_config.run_date']]],
    [
      { scheduler_type: 'date', schedule_config: { run_date: '2001-01-01T00:00' } },
      [['value_error', 'body.schedule_config.run_date']],
    ],
    [{ parameters: null }, [['dict_type', 'body.parameters']]],
    [{ name: 'nul \0' }, [['value_error', 'body.name']]],
  ])('%j is refused, and nothing is stored', async (body, faults) => {
    const answer = await api.root('POST', '/tasks/configs', { ...interval, ...body });
    expect([answer.status, locOf(answer)]).toEqual([422, faults]);
    expect(await rows()).toBe(0);
  });

  test('all that is missing is told', async () => {
    expect(locOf(await api.root('POST', '/tasks/configs', {}))).toEqual([
      ['missing', 'body.name'],
      ['missing', 'body.task_type'],
      ['missing', 'body.scheduler_type'],
    ]);
    expect(locOf(await api.root('POST', '/tasks/configs?auto_schedule=perhaps'))).toEqual([
      ['bool_parsing', 'query.auto_schedule'],
      ['missing', 'body'],
    ]);
  });
});

describe('listing', () => {
  beforeEach(async () => {
    for (const name of ['Beta_1', 'alpha', 'betaX1'])
      await insertConfig(db.database, { name, task_type: name === 'alpha' ? 'HEALTH_CHECK' : 'TEST_TIMEOUT' });
  });
  const names = async (query: string) =>
    (await api.root('GET', `/tasks/configs?${query}`)).body.items.map((item: { name: string }) => item.name);

  test('pages, and is empty beyond the end', async () => {
    expect((await api.root('GET', '/tasks/configs?page_size=2')).body).toMatchObject({
      total: 3,
      page: 1,
      page_size: 2,
      pages: 2,
      items: [{}, {}],
    });
    expect((await api.root('GET', '/tasks/configs?page=9')).body).toMatchObject({
      items: [],
      total: 3,
      page: 9,
      pages: 1,
    });
    await db.database('task_configs').delete();
    expect((await api.root('GET', '/tasks/configs')).body).toEqual({
      items: [],
      total: 0,
      page: 1,
      page_size: 20,
      pages: 0,
    });
  });

  test('filters by type and by part of the name, taken literally', async () => {
    expect(await names('task_type=HEALTH_CHECK')).toEqual(['alpha']);
    expect(await names('name_search=BETA_1')).toEqual(['Beta_1']);
  });

  test('sorts, by creation when the field is unknown', async () => {
    expect(await names('order_by=name&order_desc=false')).toEqual(['alpha', 'Beta_1', 'betaX1'].sort());
    for (const unknown of ['password', 'constructor', 'toString', '__proto__', ''])
      expect(await names(`order_by=${unknown}`)).toEqual(['betaX1', 'alpha', 'Beta_1']);
    expect(await names('order_by=created_at&order_desc=off')).toEqual(['Beta_1', 'alpha', 'betaX1']);
  });

  test('refuses bad pages', async () => {
    expect(locOf(await api.root('GET', '/tasks/configs?page=0&page_size=101&order_desc=2'))).toEqual([
      ['greater_than_equal', 'query.page'],
      ['less_than_equal', 'query.page_size'],
      ['bool_parsing', 'query.order_desc'],
    ]);
  });

  test('tells whether the stored state is the real one', async () => {
    const armed = await create({ name: 'armed' }, '?auto_schedule=true');
    const lost = await create({ name: 'lost' }, '?auto_schedule=true');
    await scheduleOf(lost.id).delete();
    // Lists of schedules are a moment late.
    const states = await waitFor(async () => {
      const { items } = (await api.root('GET', '/tasks/configs')).body as {
        items: { id: number; status_consistent: boolean }[];
      };
      const found = new Map(items.map((item) => [item.id, item.status_consistent]));
      return found.get(armed.id) && !found.get(lost.id) ? found : undefined;
    });
    expect([...states.values()].filter((isConsistent) => !isConsistent)).toHaveLength(1);
  });
});

describe('one config', () => {
  test('shows the newest events, and figures on demand', async () => {
    const { id } = await create({}, '?auto_schedule=true');
    const plain = await api.root('GET', `/tasks/configs/${id}`);
    expect(plain.body).toMatchObject({
      id,
      stats: null,
      recent_history: [
        { event: 'task_registered', success: true, task_name: 'hourly', error: null },
        { event: 'status_changed', new_status: 'active' },
      ],
    });
    await insertExecution(db.database, { config_id: id, status: 'succeeded', duration_seconds: 2 });
    await insertExecution(db.database, { config_id: id, status: 'failed', duration_seconds: 4 });
    await insertExecution(db.database, { config_id: id, status: 'running' });
    expect((await api.root('GET', `/tasks/configs/${id}?include_stats=true`)).body.stats).toEqual({
      total_runs: 2,
      successful_runs: 1,
      failed_runs: 1,
      success_rate: 50,
      avg_duration: 3,
      last_run: expect.stringMatching(/Z$/),
      last_status: 'failed',
    });
  });

  test('without runs has figures of nothing', async () => {
    const id = await insertConfig(db.database);
    expect((await api.root('GET', `/tasks/configs/${id}?include_stats=1`)).body.stats).toEqual({
      total_runs: 0,
      successful_runs: 0,
      failed_runs: 0,
      success_rate: 0,
      avg_duration: 0,
      last_run: null,
      last_status: null,
    });
  });

  test('that is not there is a 404 to every verb, and a bad id a 422', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) {
      expect((await api.root(method, '/tasks/configs/999999', method.startsWith('P') ? {} : undefined)).status).toBe(
        404,
      );
      expect((await api.root(method, '/tasks/configs/seven', method.startsWith('P') ? {} : undefined)).status).toBe(
        422,
      );
    }
    expect((await api.root('GET', '/tasks/configs/99999999999')).status).toBe(422);
  });
});

describe('editing', () => {
  test.each(['PUT', 'PATCH'] as const)(
    '%s takes a date that has passed as it is stored, however it is spelt, and no other in the past',
    async (method) => {
      const stored = { run_date: '2020-01-01T01:00:00+01:00' };
      const id = await insertConfig(db.database, {
        task_type: 'HEALTH_CHECK',
        scheduler_type: 'date',
        schedule_config: stored,
      });
      const save = (schedule_config: object, more: object = {}) =>
        api.root(method, `/tasks/configs/${id}`, { name: 'saved', schedule_config, ...more });
      expect(await save(stored)).toMatchObject({ status: 200, body: { name: 'saved', schedule_config: stored } });
      for (const same of [
        { run_date: '2020-01-01T00:00:00Z' },
        { run_date: '2020-01-01 00:00', timezone: 'UTC', overlap: 'skip', end_at: null },
      ])
        expect([same, (await save(same)).status]).toEqual([same, 200]);
      expect(locOf(await save(stored, { priority: 99 }))).toEqual([[expect.any(String), 'body.priority']]);
      for (const other of [
        { run_date: '2020-01-01T00:00:01Z' },
        { run_date: '2020-01-01T00:00:00Z', overlap: 'allow_all' },
      ])
        expect([other, await save(other)]).toMatchObject([
          other,
          {
            status: 422,
            body: {
              detail: [
                { loc: ['body', 'schedule_config', 'run_date'], msg: expect.stringContaining('lies in the past') },
              ],
            },
          },
        ]);
    },
  );

  test.each(['PUT', 'PATCH'] as const)('%s changes what is sent, and nothing else', async (method) => {
    const { id } = await create({ description: 'before' });
    const answer = await api.root(method, `/tasks/configs/${id}`, {
      name: 'renamed',
      timeout_seconds: 30,
      task_type: 'HEALTH_CHECK',
      scheduler_type: 'cron',
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        name: 'renamed',
        timeout_seconds: 30,
        description: 'before',
        task_type: 'TEST_TIMEOUT',
        scheduler_type: 'interval',
        updated_at: expect.stringMatching(/Z$/),
      },
    });
    expect((await api.root(method, `/tasks/configs/${id}`, {})).body).toMatchObject({ name: 'renamed' });
    expect(
      (await api.root(method, `/tasks/configs/${id}`, { description: null, timeout_seconds: null })).body,
    ).toMatchObject({ description: null, timeout_seconds: null });
  });

  test('null where there must be a value, and what breaks the schemas, is refused', async () => {
    const { id } = await create();
    expect(
      locOf(
        await api.root('PATCH', `/tasks/configs/${id}`, {
          name: null,
          parameters: null,
          schedule_config: null,
          max_retries: null,
          priority: null,
        }),
      ),
    ).toEqual([
      ['string_type', 'body.name'],
      ['dict_type', 'body.parameters'],
      ['dict_type', 'body.schedule_config'],
      ['int_type', 'body.max_retries'],
      ['int_type', 'body.priority'],
    ]);
    expect(
      locOf(
        await api.root('PATCH', `/tasks/configs/${id}`, { schedule_config: {}, parameters: { sleep_seconds: -1 } }),
      ),
    ).toEqual([
      [expect.any(String), 'body.parameters.sleep_seconds'],
      ['value_error', 'body.schedule_config.interval_seconds'],
    ]);
    expect((await api.root('GET', `/tasks/configs/${id}`)).body).toMatchObject({
      parameters: interval.parameters,
      schedule_config: interval.schedule_config,
      updated_at: null,
    });
  });

  test('an armed schedule follows at once', async () => {
    const { id } = await create({}, '?auto_schedule=true');
    const answer = await api.root('PATCH', `/tasks/configs/${id}`, {
      schedule_config: { interval_seconds: 7_200 },
      name: 'slower',
    });
    expect(answer.body).toMatchObject({ is_scheduled: true, status_consistent: true });
    const { spec } = await scheduleOf(id).describe();
    expect(spec.intervals).toMatchObject([{ every: 7_200_000 }]);
  });
});

describe('deleting', () => {
  test('takes the schedule away, and leaves the executions', async () => {
    const { id } = await create({}, '?auto_schedule=true');
    const executionId = await insertExecution(db.database, { config_id: id });
    expect(await api.root('DELETE', `/tasks/configs/${id}`)).toMatchObject({
      status: 200,
      body: { success: true, message: expect.any(String) },
    });
    await expect(scheduleOf(id).describe()).rejects.toThrow();
    expect((await api.root('GET', `/tasks/executions/${executionId}`)).body).toMatchObject({
      config_id: null,
      config_name: null,
      task_type: 'TEST_TIMEOUT',
    });
    expect((await api.root('DELETE', `/tasks/configs/${id}`)).status).toBe(404);
  });
});

describe('schedule actions', () => {
  const act = async (id: number | string, action: string, payload?: string) => {
    const answer = await api.app.inject({
      method: 'POST',
      url: `/api/v1/tasks/schedules/${id}/${action}`,
      headers: { authorization: api_token(), ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  const api_token = () => `Bearer ${api.tokens[0]}`;
  const stateOf = async (id: number) => (await api.root('GET', `/tasks/configs/${id}`)).body.schedule_status;

  test('go from state to state; a refusal is told, and changes nothing', async () => {
    const { id } = await create();
    const steps: [string, boolean, string][] = [
      ['pause', false, 'inactive'],
      ['resume', false, 'inactive'],
      ['reload', true, 'inactive'],
      ['start', true, 'active'],
      ['start', true, 'active'],
      ['resume', false, 'active'],
      ['reload', true, 'active'],
      ['pause', true, 'paused'],
      ['pause', false, 'paused'],
      ['resume', true, 'active'],
      ['stop', true, 'inactive'],
      ['stop', true, 'inactive'],
    ];
    for (const [action, success, state] of steps) {
      const answer = await act(id, action);
      expect([action, answer.status, answer.body]).toEqual([
        action,
        200,
        { success, message: expect.any(String), config_id: id },
      ]);
      expect([action, await stateOf(id)]).toEqual([action, state]);
    }
  });

  test('take no body, an empty one, or a broken one', async () => {
    const { id } = await create();
    for (const payload of [undefined, '', '{}', '{"broken']) expect((await act(id, 'stop', payload)).status).toBe(200);
  });

  test('a manual task cannot be started', async () => {
    const { id } = await create({ scheduler_type: 'manual', schedule_config: {} });
    expect(await act(id, 'start')).toMatchObject({ status: 200, body: { success: false } });
  });

  test('know no unknown config and no unknown action', async () => {
    expect((await act(999_999, 'stop')).status).toBe(404);
    const { id } = await create();
    expect((await act(id, 'explode')).status).toBe(422);
  });

  test('go to many at once; one that fails stops none', async () => {
    const [first, second] = [await create(), await create({ scheduler_type: 'manual', schedule_config: {} })];
    const { status, body } = await api.root('POST', '/tasks/schedules/batch/start', {
      config_ids: [first.id, 999_999, second.id],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      action: 'start',
      total: 3,
      success_count: 1,
      failed_count: 2,
      results: [
        { success: true, config_id: first.id },
        { success: false, config_id: 999_999 },
        { success: false, config_id: second.id },
      ],
    });
    expect(locOf(await api.root('POST', '/tasks/schedules/batch/start', { config_ids: [] }))).toEqual([
      ['too_short', 'body.config_ids'],
    ]);
    expect((await api.root('POST', '/tasks/schedules/batch/explode', { config_ids: [1] })).status).toBe(422);
  });
});

describe('schedules', () => {
  test('list the armed jobs with their real next time', async () => {
    const hourly = await create({ timeout_seconds: 60 }, '?auto_schedule=true');
    const daily = await create(
      {
        name: 'daily',
        scheduler_type: 'cron',
        schedule_config: { minute: '30', hour: '4', day: '*', month: '*', day_of_week: '*' },
      },
      '?auto_schedule=true',
    );
    const once = await create(
      { name: 'once', scheduler_type: 'date', schedule_config: { run_date: '2099-01-01T10:00' } },
      '?auto_schedule=true',
    );
    const paused = await create({ name: 'paused' }, '?auto_schedule=true');
    await api.root('POST', `/tasks/schedules/${paused.id}/pause`);
    const jobs = await waitFor(async () => {
      const { body } = await api.root('GET', '/tasks/schedules');
      return body.total === 3 && body;
    });
    const of = (id: number) => jobs.schedules.find((job: { config_id: number }) => job.config_id === id);
    expect(of(hourly.id)).toEqual({
      task_id: `scheduled_task_${hourly.id}`,
      task_name: 'hourly',
      config_id: hourly.id,
      schedule: expect.stringContaining('3600'),
      labels: {
        config_id: String(hourly.id),
        task_type: 'TEST_TIMEOUT',
        scheduler_type: 'interval',
        timeout: '60',
        priority: '5',
      },
      next_run: expect.stringMatching(/:00:00\.000Z$/),
    });
    expect(of(daily.id)).toMatchObject({ schedule: '30 4 * * *', next_run: expect.stringMatching(/T04:30:00\.000Z$/) });
    expect(of(once.id)).toMatchObject({ next_run: '2099-01-01T10:00:00.000Z' });
  });

  test('a date that has fired stays active and consistent until its run has ended', async () => {
    const { id } = await create(
      { scheduler_type: 'date', schedule_config: { run_date: new Date(Date.now() + 4_000).toISOString() } },
      '?auto_schedule=true',
    );
    await waitFor(async () => (await api.root('GET', `/tasks/schedules/${id}`)).body.actual?.times_fired === 1);
    expect((await api.root('POST', `/tasks/schedules/${id}/start`)).body).toMatchObject({
      success: false,
      message: expect.stringContaining('lies in the past'),
    });
    expect((await api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      status: 'active',
      is_actually_scheduled: false,
      status_consistent: true,
      next_run: null,
    });
    const listed = async () => (await api.root('GET', '/tasks/configs')).body.items[0];
    await waitFor(async () => (await listed()).status_consistent);
    expect(await listed()).toMatchObject({ id, schedule_status: 'active', schedule_error: null });
  });

  test.each(['europe/berlin', 'utc'])('an edit to the zone %s is what Temporal follows', async (timezone) => {
    const { id } = await create(
      { scheduler_type: 'cron', schedule_config: { cron_expression: '0 * * * *' } },
      '?auto_schedule=true',
    );
    expect(
      (await api.root('PUT', `/tasks/configs/${id}`, { schedule_config: { cron_expression: '7 21 * * *', timezone } }))
        .body,
    ).toMatchObject({ schedule_status: 'active', schedule_error: null });
    expect((await api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      status: 'active',
      next_run: expect.stringMatching(/:07:00\.000Z$/),
    });
  });

  test('one tells the stored and the real state', async () => {
    const { id } = await create();
    expect((await api.root('GET', `/tasks/schedules/${id}`)).body).toEqual({
      config_id: id,
      status: 'inactive',
      is_scheduled: false,
      is_actually_scheduled: false,
      status_consistent: true,
      metadata: {},
      recent_history: [],
      next_run: null,
      actual: null,
    });
    await api.root('POST', `/tasks/schedules/${id}/start`);
    expect((await api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      status: 'active',
      is_actually_scheduled: true,
      status_consistent: true,
      metadata: {
        name: 'hourly',
        task_type: 'TEST_TIMEOUT',
        scheduler_type: 'interval',
        registered_at: expect.any(String),
        timeout_seconds: null,
        updated_at: null,
      },
      next_run: expect.stringMatching(/Z$/),
      actual: { state: 'active', is_foreign_pause: false },
    });
    await scheduleOf(id).pause('an operator did it');
    expect((await api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      status: 'active',
      is_actually_scheduled: false,
      status_consistent: false,
      next_run: null,
      actual: { state: 'paused', note: 'an operator did it', is_foreign_pause: true },
    });
    expect((await api.root('GET', '/tasks/schedules/999999')).status).toBe(404);
  });

  test('keep a history, newest first', async () => {
    const { id } = await create({}, '?auto_schedule=true');
    await api.root('POST', `/tasks/schedules/${id}/stop`);
    const { body } = await api.root('GET', `/tasks/schedules/${id}/history?limit=3`);
    expect(body).toMatchObject({
      config_id: id,
      count: 3,
      history: [{ event: 'task_unregistered' }, { event: 'status_changed' }, { event: 'task_registered' }],
    });
    expect(Object.keys(body.history[1])).not.toContain('new_status');
    expect((await api.root('GET', '/tasks/schedules/999999/history')).body).toEqual({
      config_id: 999_999,
      history: [],
      count: 0,
    });
    expect((await api.root('GET', `/tasks/schedules/${id}/history?limit=201`)).status).toBe(422);
  });

  test('removing one leaves the config', async () => {
    const { id } = await create({}, '?auto_schedule=true');
    expect(await api.root('DELETE', `/tasks/schedules/${id}`)).toMatchObject({
      status: 200,
      body: { success: true, config_id: id },
    });
    expect((await api.root('GET', `/tasks/configs/${id}`)).body).toMatchObject({
      schedule_status: 'inactive',
      status_consistent: true,
    });
    expect((await api.root('DELETE', '/tasks/schedules/999999')).status).toBe(404);
  });

  test('the summary counts configs by state', async () => {
    for (const schedule_status of ['active', 'paused', 'error', 'inactive', 'inactive'])
      await insertConfig(db.database, { schedule_status });
    expect((await api.root('GET', '/tasks/schedules/summary')).body).toEqual({
      total_tasks: 5,
      active_tasks: 1,
      paused_tasks: 1,
      inactive_tasks: 2,
      error_tasks: 1,
      last_updated: expect.stringMatching(/Z$/),
    });
  });
});

describe('previews', () => {
  test('of a schedule that is not stored', async () => {
    const { status, body } = await api.root('POST', '/tasks/configs/preview-schedule', {
      scheduler_type: 'cron',
      schedule_config: { cron_expression: '0 12 1 * 1', timezone: 'Europe/Berlin' },
      count: 3,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      scheduler_type: 'cron',
      timezone: 'Europe/Berlin',
      description: '0 12 1 * 1',
      warnings: [{ code: 'day_of_month_and_day_of_week', message: expect.any(String) }],
    });
    expect(body.next_runs).toHaveLength(3);
    expect(
      locOf(
        await api.root('POST', '/tasks/configs/preview-schedule', {
          scheduler_type: 'cron',
          schedule_config: { cron_expression: 'never' },
          count: 101,
        }),
      ),
    ).toEqual([
      ['less_than_equal', 'body.count'],
      ['value_error', 'body.schedule_config.cron_expression'],
    ]);
    expect(
      locOf(
        await api.root('POST', '/tasks/configs/preview-schedule', {
          scheduler_type: 'cron',
          schedule_config: { cron_expression: 'never' },
        }),
      ),
    ).toEqual([['value_error', 'body.schedule_config.cron_expression']]);
  });

  test('of a config, which knows how long its runs take', async () => {
    const { id } = await create({ schedule_config: { interval_seconds: 60 } });
    await insertExecution(db.database, { config_id: id, duration_seconds: 100 });
    const { body } = await api.root('GET', `/tasks/configs/${id}/next-runs?count=2`);
    expect(body).toMatchObject({
      next_runs: [expect.any(String), expect.any(String)],
      warnings: [{ code: 'interval_shorter_than_runs' }],
    });
    expect((await api.root('GET', '/tasks/configs/999999/next-runs')).status).toBe(404);
  });
});

test('without Temporal configs can be read and written, and say that they are not consistent', async () => {
  const kept = await create({}, '?auto_schedule=true');
  const away = await connectTemporal({
    address: temporal.connection.options.address,
    namespace: temporal.namespace,
    connection: { address: temporal.connection.options.address },
  });
  const cut = await createTestApi({ database: db.database, temporal: away });
  await away.close();
  const { schedule } = away.client;
  const ask = schedule.withDeadline.bind(schedule);
  let patienceMs = 0;
  schedule.withDeadline = (deadline, work) => {
    patienceMs += Number(deadline) - Date.now();
    return ask(deadline, work);
  };
  /** How long, at most, the answer would wait for a Temporal that hangs. */
  const patienceOf = async (answer: () => Promise<unknown>) => {
    patienceMs = 0;
    await answer();
    expect(patienceMs).toBeGreaterThan(0);
    return patienceMs;
  };
  expect(await cut.root('GET', '/tasks/configs')).toMatchObject({
    status: 200,
    body: { items: [{ id: kept.id, schedule_status: 'active', status_consistent: false }] },
  });
  expect(await cut.root('PATCH', `/tasks/configs/${kept.id}`, { name: 'offline' })).toMatchObject({
    status: 200,
    body: { name: 'offline', status_consistent: false },
  });
  expect(await cut.root('GET', '/tasks/schedules')).toMatchObject({
    status: 503,
    body: { detail: 'Temporal does not answer' },
  });
  expect(await cut.root('POST', `/tasks/execute/${kept.id}`)).toMatchObject({
    status: 503,
    body: { detail: 'Temporal does not answer' },
  });
  for (const path of ['/tasks/configs', `/tasks/configs/${kept.id}`, `/tasks/schedules/${kept.id}`])
    expect(await patienceOf(() => cut.root('GET', path))).toBeLessThanOrEqual(3_000);
  expect(await patienceOf(() => cut.root('POST', '/tasks/configs?auto_schedule=true', interval))).toBeLessThanOrEqual(
    8_000,
  );
  expect(await patienceOf(() => cut.root('DELETE', `/tasks/configs/${kept.id}`))).toBeLessThanOrEqual(5_000);
  expect((await cut.root('GET', `/tasks/configs/${kept.id}`)).status).toBe(404);
  await cut.close();
});
