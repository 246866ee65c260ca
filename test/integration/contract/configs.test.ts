import { insertConfig, insertExecution } from '../../support/api-support';
import { faultsOf, NO_ID, useContract } from './contract-api';

const contract = useContract(['configs'], { hasSchedules: true });
const { root } = contract;

const MINIMAL = { name: 'a config', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' };
const create = (body: object = {}, query = '') => root('POST', `/tasks/configs${query}`, { ...MINIMAL, ...body });
const GONE = { status: 404, body: { detail: expect.any(String) } };
const HOURLY = { scheduler_type: 'interval', schedule_config: { interval_seconds: 3_600 } };
const VERBS = ['PUT', 'PATCH'] as const;

describe('15 GET /tasks/configs', () => {
  beforeAll(async () => {
    for (const [index, name] of ['alpha', 'Beta 100%', 'gamma_x', 'дельта', 'very\\long'].entries())
      await insertConfig(contract.database, {
        name,
        task_type: index === 0 ? 'HEALTH_CHECK' : 'TEST_TIMEOUT',
        created_at: new Date(2026, 0, index + 1),
      });
  });
  const names = async (query: string) =>
    (await root('GET', `/tasks/configs?${query}`)).body.items.map(({ name }: { name: string }) => name);

  test('is a page of twenty, newest first', async () => {
    expect((await root('GET', '/tasks/configs')).body).toMatchObject({
      total: 5,
      page: 1,
      page_size: 20,
      pages: 1,
      items: [{ name: 'very\\long' }, { name: 'дельта' }, {}, {}, { name: 'alpha' }],
    });
    expect((await root('GET', '/tasks/configs?page=2&page_size=2')).body).toMatchObject({
      page: 2,
      pages: 3,
      items: [{ name: 'gamma_x' }, { name: 'Beta 100%' }],
    });
  });

  test('beyond the end has no items, and of nothing there are no pages', async () => {
    for (const page of [2, 1_000_001, NO_ID])
      expect((await root('GET', `/tasks/configs?page=${page}&page_size=100`)).body).toMatchObject({
        items: [],
        total: 5,
        pages: 1,
        page,
      });
    expect((await root('GET', '/tasks/configs?task_type=NONE')).body).toMatchObject({ items: [], total: 0, pages: 0 });
  });

  test('filters by type, case and all, and by a part of the name, taken literally and in any case', async () => {
    for (const [query, found] of [
      ['task_type=HEALTH_CHECK', ['alpha']],
      ['task_type=health_check', []],
      ['name_search=BETA', ['Beta 100%']],
      ['name_search=%25', ['Beta 100%']],
      ['name_search=_', ['gamma_x']],
      ['name_search=%5C', ['very\\long']],
      ['name_search=%D0%94%D0%95', ['дельта']],
      ['name_search=a&task_type=HEALTH_CHECK', ['alpha']],
      ["name_search=' OR 1=1 --", []],
    ] as const)
      expect([query, await names(query)]).toEqual([query, found]);
    expect((await names('name_search=')).length).toBe(5);
  });

  test('sorts by what there is, and else by creation', async () => {
    const byName = await names('order_by=name&order_desc=no&task_type=TEST_TIMEOUT');
    expect([byName[0], (await names('order_by=name&task_type=TEST_TIMEOUT')).reverse()]).toEqual(['Beta 100%', byName]);
    for (const other of ['', 'unknown', 'id;drop', 'created_at'])
      expect([other, (await names(`order_by=${other}&order_desc=0`))[0]]).toEqual([other, 'alpha']);
    expect(await names('order_by=updated_at')).toHaveLength(5);
  });

  test('tells all faults', async () => {
    expect(
      faultsOf(
        await root('GET', `/tasks/configs?name_search=${'x'.repeat(101)}&page=0&page_size=101&order_desc=perhaps`),
      ),
    ).toEqual([
      ['string_too_long', 'query.name_search'],
      ['greater_than_equal', 'query.page'],
      ['less_than_equal', 'query.page_size'],
      ['bool_parsing', 'query.order_desc'],
    ]);
    expect((await root('GET', `/tasks/configs?name_search=${'x'.repeat(100)}`)).status).toBe(200);
  });
  contract.testInteger('/tasks/configs', 'page', 1, NO_ID);
  contract.testInteger('/tasks/configs', 'page_size', 1, 100);
  contract.testBoolean('/tasks/configs', 'order_desc');
});

describe('16 POST /tasks/configs', () => {
  test('fills in what is left out; what the contract does not know is ignored', async () => {
    expect((await create({ unknown: 1, id: 5, schedule_status: 'active' })).body).toMatchObject({
      description: null,
      parameters: {},
      schedule_config: {},
      max_retries: 0,
      timeout_seconds: null,
      priority: 5,
      updated_at: null,
      schedule_status: 'inactive',
      is_scheduled: false,
      status_consistent: true,
    });
    expect((await create()).status).toBe(201);
  });

  test('takes the least and the most of everything, and no more', async () => {
    expect((await create({ name: 'x', max_retries: 0, timeout_seconds: 1, priority: 1 })).status).toBe(201);
    expect(
      (
        await create({
          name: '名'.repeat(200),
          description: '😀'.repeat(250),
          max_retries: 10,
          timeout_seconds: 2_147_483_647,
          priority: '10',
        })
      ).status,
    ).toBe(201);
    expect(
      faultsOf(
        await create({ name: '', description: 'x'.repeat(501), max_retries: -1, timeout_seconds: 0, priority: 0 }),
      ),
    ).toEqual([
      ['string_too_short', 'body.name'],
      ['string_too_long', 'body.description'],
      ['greater_than_equal', 'body.max_retries'],
      ['greater_than', 'body.timeout_seconds'],
      ['greater_than_equal', 'body.priority'],
    ]);
    expect(
      faultsOf(await create({ name: 'x'.repeat(201), max_retries: 11, timeout_seconds: 1.5, priority: 11 })),
    ).toEqual([
      ['string_too_long', 'body.name'],
      ['less_than_equal', 'body.max_retries'],
      ['int_from_float', 'body.timeout_seconds'],
      ['less_than_equal', 'body.priority'],
    ]);
  });

  test('tells all faults, of the schema, the task type and the schedule', async () => {
    expect(faultsOf(await root('POST', '/tasks/configs', {}))).toEqual([
      ['missing', 'body.name'],
      ['missing', 'body.task_type'],
      ['missing', 'body.scheduler_type'],
    ]);
    expect(
      faultsOf(await create({ name: null, parameters: null, schedule_config: [], max_retries: null, priority: 'x' })),
    ).toEqual([
      ['string_type', 'body.name'],
      ['dict_type', 'body.parameters'],
      ['dict_type', 'body.schedule_config'],
      ['int_type', 'body.max_retries'],
      ['int_parsing', 'body.priority'],
    ]);
    expect(faultsOf(await create({ task_type: 'test_timeout', scheduler_type: 'hourly' }))).toEqual([
      ['enum', 'body.task_type'],
      ['enum', 'body.scheduler_type'],
    ]);
    expect(
      faultsOf(
        await create({
          priority: 11,
          parameters: { sleep_seconds: 'long' },
          scheduler_type: 'cron',
          schedule_config: {},
        }),
      ).map(([, loc]) => loc),
    ).toEqual(['body.priority', 'body.parameters.sleep_seconds', 'body.schedule_config.cron_expression']);
    expect(faultsOf(await create({ priority: 11 }, '?auto_schedule=perhaps'))).toEqual([
      ['bool_parsing', 'query.auto_schedule'],
      ['less_than_equal', 'body.priority'],
    ]);
  });

  test.each([
    ['cron', { cron_expression: '0 3 * * *' }],
    ['cron', { minute: '0', hour: '3', day: '*', month: '*', day_of_week: '*' }],
    ['cron', { cron_expression: '0 3 * * *', minute: '9' }],
    ['date', { run_date: '2099-01-01T10:00' }],
    ['date', { run_date: '2099-01-01T10:00:00Z' }],
    ['date', { run_date: '2099-01-01T10:00:00.123456+02:00' }],
    ['interval', { interval_seconds: 60 }],
    ['interval', { hours: 1, minutes: 30 }],
    ['interval', { weeks: 1, days: 1, seconds: 5 }],
    ['manual', {}],
  ])('takes a schedule of type %s: %j', async (scheduler_type, schedule_config) => {
    expect((await create({ scheduler_type, schedule_config })).body).toMatchObject({ scheduler_type, schedule_config });
  });

  test.each([
    ['cron', { minute: '0', hour: '3' }],
    ['cron', { cron_expression: 'often' }],
    ['cron', { cron_expression: '0 3 * * * *' }],
    ['cron', { cron_expression: '99 3 * * *' }],
    ['cron', { cron_expression: '0 3 * * *\0' }],
    ['date', {}],
    ['date', { run_date: 'tomorrow' }],
    ['date', { run_date: '2020-01-01T00:00' }],
    ['date', { run_date: '2099-02-30T00:00' }],
    ['interval', {}],
    ['interval', { interval_seconds: 0 }],
    ['interval', { interval_seconds: -5 }],
    ['interval', { hours: 'x' }],
    ['cron', { cron_expression: '0 3 * * *', timezone: 'Mars/Olympus' }],
  ])('refuses a schedule of type %s: %j', async (scheduler_type, schedule_config) => {
    for (const [, loc] of faultsOf(await create({ scheduler_type, schedule_config })))
      expect(loc).toMatch(/^body\.schedule_config/);
  });

  test('with auto_schedule, or its older spelling, is armed at once', async () => {
    for (const query of ['auto_schedule=true', 'auto_start=ON'])
      expect((await create(HOURLY, `?${query}`)).body).toMatchObject({
        schedule_status: 'active',
        is_scheduled: true,
        status_consistent: true,
      });
    for (const query of ['auto_schedule=false', '', 'auto_start=0'])
      expect((await create(HOURLY, `?${query}`)).body).toMatchObject({
        schedule_status: 'inactive',
        is_scheduled: false,
      });
  });
});

describe('17 GET /tasks/configs/{id}', () => {
  test('tells figures when asked to, and the five newest events', async () => {
    const id = await insertConfig(contract.database);
    await insertExecution(contract.database, { config_id: id });
    expect((await root('GET', `/tasks/configs/${id}`)).body).toMatchObject({ id, stats: null, recent_history: [] });
    expect((await root('GET', `/tasks/configs/${id}?include_stats=yes`)).body.stats).toMatchObject({
      total_runs: 1,
      last_status: 'success',
      success_rate: 100,
    });
    expect(faultsOf(await root('GET', `/tasks/configs/x?include_stats=perhaps`))).toEqual([
      ['int_parsing', 'path.id'],
      ['bool_parsing', 'query.include_stats'],
    ]);
    expect(await root('GET', `/tasks/configs/${NO_ID}`)).toMatchObject(GONE);
  });
});

describe('18 PUT and PATCH /tasks/configs/{id}', () => {
  test.each(VERBS)('%s changes what is sent; types cannot change, and are ignored', async (verb) => {
    const { id } = (await create({ ...HOURLY, description: 'before' })).body;
    expect((await root(verb, `/tasks/configs/${id}`, {})).body).toMatchObject({
      description: 'before',
      updated_at: expect.any(String),
    });
    expect(
      (
        await root(verb, `/tasks/configs/${id}`, {
          description: null,
          timeout_seconds: 5,
          priority: 10,
          task_type: 'NONE',
          scheduler_type: 'none',
          id: 1,
        })
      ).body,
    ).toMatchObject({
      id,
      description: null,
      timeout_seconds: 5,
      priority: 10,
      task_type: 'TEST_TIMEOUT',
      scheduler_type: 'interval',
    });
  });

  test.each(VERBS)(
    '%s tells all faults: of path and body, and by the rules of the config it is about',
    async (verb) => {
      const { id } = (await create(HOURLY)).body;
      const faulty = { name: null, priority: 11, parameters: { sleep_seconds: 'long' }, schedule_config: {} };
      expect(faultsOf(await root(verb, `/tasks/configs/${id}`, faulty)).map(([, loc]) => loc)).toEqual([
        'body.name',
        'body.priority',
        'body.parameters.sleep_seconds',
        'body.schedule_config.interval_seconds',
      ]);
      expect(faultsOf(await root(verb, '/tasks/configs/x', faulty)).map(([, loc]) => loc)).toEqual([
        'path.id',
        'body.name',
        'body.priority',
      ]);
      expect(
        faultsOf(
          await root(verb, `/tasks/configs/${id}`, {
            parameters: null,
            schedule_config: null,
            max_retries: null,
            priority: null,
            name: null,
          }),
        ),
      ).toEqual([
        ['string_type', 'body.name'],
        ['dict_type', 'body.parameters'],
        ['dict_type', 'body.schedule_config'],
        ['int_type', 'body.max_retries'],
        ['int_type', 'body.priority'],
      ]);
      expect(faultsOf(await root(verb, `/tasks/configs/${id}`))).toEqual([['missing', 'body']]);
      expect(await root(verb, `/tasks/configs/${NO_ID}`, {})).toMatchObject(GONE);
      expect((await root('GET', `/tasks/configs/${id}`)).body).toMatchObject({
        ...HOURLY,
        name: 'a config',
        updated_at: null,
      });
    },
  );
});

describe('19 DELETE /tasks/configs/{id}', () => {
  test('takes the config, and leaves its runs without one', async () => {
    const { id } = (await create(HOURLY, '?auto_schedule=1')).body;
    const run = await insertExecution(contract.database, { config_id: id });
    expect((await root('DELETE', `/tasks/configs/${id}`)).body).toMatchObject({ success: true });
    expect(await root('DELETE', `/tasks/configs/${id}`)).toMatchObject(GONE);
    expect((await root('GET', `/tasks/executions/${run}`)).body).toMatchObject({ config_id: null, config_name: null });
    expect(
      (await root('GET', '/tasks/schedules')).body.schedules.map((job: { config_id: number }) => job.config_id),
    ).not.toContain(id);
  });
});

describe('previews', () => {
  test('of a schedule, and of a config', async () => {
    const { id } = (await create(HOURLY)).body;
    expect(
      (await root('POST', '/tasks/configs/preview-schedule', { ...HOURLY, count: 2 })).body.next_runs,
    ).toHaveLength(2);
    expect((await root('GET', `/tasks/configs/${id}/next-runs`)).body.next_runs).toHaveLength(10);
    expect((await root('GET', `/tasks/configs/${NO_ID}/next-runs`)).status).toBe(404);
    expect(faultsOf(await root('GET', '/tasks/configs/x/next-runs?count=101'))).toEqual([
      ['int_parsing', 'path.id'],
      ['less_than_equal', 'query.count'],
    ]);
    expect(
      faultsOf(
        await root('POST', '/tasks/configs/preview-schedule', {
          scheduler_type: 'cron',
          schedule_config: { cron_expression: 'often' },
          count: 0,
        }),
      ).map(([, loc]) => loc),
    ).toEqual(['body.count', 'body.schedule_config.cron_expression']);
    expect(faultsOf(await root('POST', '/tasks/configs/preview-schedule', {}))).toEqual([
      ['missing', 'body.scheduler_type'],
    ]);
  });
});

test('what a config would cost is told before it is saved', async () => {
  const estimate = (body: object) => root('POST', '/tasks/configs/estimate', body);
  expect((await estimate({ task_type: 'REDDIT_SCRAPE', parameters: { subreddits: ['funny'] } })).body).toMatchObject({
    supported: true,
    requests: { listing_pages: { min: 1, max: 1 } },
  });
  expect((await estimate({ task_type: 'HEALTH_CHECK' })).body).toMatchObject({
    supported: false,
    runs: 0,
    typical_duration_seconds: null,
  });
  expect(faultsOf(await estimate({ task_type: 'REDDIT_SCRAPE' }))).toEqual([['missing', 'body.parameters.subreddits']]);
  expect(faultsOf(await estimate({}))).toEqual([['missing', 'body.task_type']]);
  // As when a config is saved; only `execute/by-type`, where the type is part of the address, has a 400 of the contract's.
  const unknown = { task_type: 'NO_SUCH_TYPE' };
  expect(faultsOf(await estimate(unknown))).toEqual([['enum', 'body.task_type']]);
  expect(faultsOf(await root('POST', '/tasks/configs', { name: 'x', scheduler_type: 'manual', ...unknown }))).toEqual([
    ['enum', 'body.task_type'],
  ]);
  expect((await root('POST', '/tasks/execute/by-type/NO_SUCH_TYPE')).status).toBe(400);
});

contract.testCoverage();
