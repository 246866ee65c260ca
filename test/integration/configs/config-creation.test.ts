import { faultsOf, HOURLY_CONFIG, useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
const { createConfig, scheduleOf } = stack;

const countConfigs = async () => Number((await stack.database('task_configs').count('* as n'))[0]?.n);

describe('creating a config', () => {
  test('stores the fields that were sent, with defaults', async () => {
    const answer = await stack.api.root('POST', '/tasks/configs', {
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
      warnings: [],
    });
  });

  test.each(['auto_schedule=true', 'auto_start=yes'])('arms its schedule at once with %s', async (query) => {
    const config = await createConfig({}, `?${query}`);
    expect(config).toMatchObject({ schedule_status: 'active', is_scheduled: true, status_consistent: true });
    expect((await scheduleOf(config.id).describe()).state.paused).toBe(false);
  });

  test('never arms a manual config', async () => {
    expect(await createConfig({ scheduler_type: 'manual', schedule_config: {} }, '?auto_schedule=1')).toMatchObject({
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
  ])('refuses %j and stores nothing', async (body, faults) => {
    const answer = await stack.api.root('POST', '/tasks/configs', { ...HOURLY_CONFIG, ...body });
    expect([answer.status, faultsOf(answer)]).toEqual([422, faults]);
    expect(await countConfigs()).toBe(0);
  });

  test('reports every missing field', async () => {
    expect(faultsOf(await stack.api.root('POST', '/tasks/configs', {}))).toEqual([
      ['missing', 'body.name'],
      ['missing', 'body.task_type'],
      ['missing', 'body.scheduler_type'],
    ]);
    expect(faultsOf(await stack.api.root('POST', '/tasks/configs?auto_schedule=perhaps'))).toEqual([
      ['bool_parsing', 'query.auto_schedule'],
      ['missing', 'body'],
    ]);
  });
});

describe('a config that would be misunderstood', () => {
  const create = (body: object) => stack.api.root('POST', '/tasks/configs', { ...HOURLY_CONFIG, ...body });

  test.each(['time_zone', 'tz', 'timezome'])(
    'is refused for the unknown field %s, with what was meant',
    async (field) => {
      const schedule_config = { interval_seconds: 60, [field]: 'Europe/Berlin' };
      const answer = await create({ schedule_config });
      expect(answer).toMatchObject({
        status: 422,
        body: {
          detail: [
            {
              type: 'value_error',
              loc: ['body', 'schedule_config', field],
              msg: 'is not known; did you mean timezone?',
              input: 'Europe/Berlin',
            },
          ],
        },
      });
      const preview = await stack.api.root('POST', '/tasks/configs/preview-schedule', {
        scheduler_type: 'interval',
        schedule_config,
      });
      expect([preview.status, faultsOf(preview)]).toEqual([422, faultsOf(answer)]);
      expect(await countConfigs()).toBe(0);
    },
  );

  test('is refused for an interval in seconds beside one in other units', async () => {
    const answer = await create({ schedule_config: { interval_seconds: 60, minutes: 5 } });
    expect([answer.status, faultsOf(answer)]).toEqual([
      422,
      [['value_error', 'body.schedule_config.interval_seconds']],
    ]);
  });

  test.each([
    ['TEST_TIMEOUT', { timeout_duration: 3 }, 'timeout_duration', /; remove it, or use one of sleep_seconds$/],
    ['TEST_TIMEOUT', { sleepSeconds: 3 }, 'sleepSeconds', /; did you mean sleep_seconds\?$/],
    ['HEALTH_CHECK', { url: 'x' }, 'url', /^Extra inputs are not permitted$/],
    ['CLEANUP_TOKENS', { dryRun: true }, 'dryRun', /; did you mean dry_run\?$/],
    ['CLEANUP_CONTENT', { days: 3 }, 'days', /; did you mean days_old\?$/],
    ['TIMEOUT_MONITOR', { duration: 3 }, 'duration', /; did you mean monitor_duration\?$/],
    ['TEST_FAILURE', { kind: 'general' }, 'kind', /error_type$/],
  ])('is refused for a parameter that %s does not know: %j', async (task_type, parameters, name, msg) => {
    expect(await create({ task_type, parameters })).toMatchObject({
      status: 422,
      body: {
        detail: [{ type: 'extra_forbidden', loc: ['body', 'parameters', name], msg: expect.stringMatching(msg) }],
      },
    });
    const run = await stack.api.root('POST', `/tasks/execute/by-type/${task_type}`, { task_params: parameters });
    expect([run.status, faultsOf(run)]).toEqual([422, [['extra_forbidden', `body.task_params.${name}`]]]);
  });

  test.each(['   ', '\t\n', '\u00A0\u3000', '\u200B\u2060'])('is refused for the blank name %j', async (name) => {
    expect(await create({ name })).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'string_pattern_mismatch', loc: ['body', 'name'] }] },
    });
  });
});
