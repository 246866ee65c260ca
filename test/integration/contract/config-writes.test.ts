import { faultsOf, NO_ID, useContract } from './contract-api';

const contract = useContract(['configs'], { hasSchedules: true });
const { root } = contract;
const MINIMAL = { name: 'a config', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' };
const create = (body: object = {}, query = '') => root('POST', `/tasks/configs${query}`, { ...MINIMAL, ...body });
const GONE = { status: 404, body: { detail: expect.any(String) } };
const HOURLY = { scheduler_type: 'interval', schedule_config: { interval_seconds: 3_600 } };
const VERBS = ['PUT', 'PATCH'] as const;

describe('16 POST /tasks/configs', () => {
  test('fills in defaults, and ignores unknown fields', async () => {
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

  test('enforces the limits of every field', async () => {
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

  test('reports all faults of the schema, the task type and the schedule', async () => {
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

  test('arms the schedule at once with auto_schedule, or its older spelling', async () => {
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

describe('18 PUT and PATCH /tasks/configs/{id}', () => {
  test.each(VERBS)('%s changes the fields sent, and ignores the types, which cannot change', async (verb) => {
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
    '%s names all faults: of path and body, and by the rules of the config it is about',
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

contract.testCoverage(/^(POST|PUT|PATCH) \/api\/v1\/tasks\/configs(\/\{id\})?$/);
