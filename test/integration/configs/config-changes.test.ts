import { insertConfig, insertExecution } from '../../support/api-support';
import { faultsOf, HOURLY_CONFIG, useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
const { createConfig, scheduleOf } = stack;

describe('editing a config', () => {
  test.each(['PUT', 'PATCH'] as const)(
    '%s accepts the stored date after it has passed, in any spelling, and no other date in the past',
    async (method) => {
      const stored = { run_date: '2020-01-01T01:00:00+01:00' };
      const id = await insertConfig(stack.database, {
        task_type: 'HEALTH_CHECK',
        scheduler_type: 'date',
        schedule_config: stored,
      });
      const save = (schedule_config: object, more: object = {}) =>
        stack.api.root(method, `/tasks/configs/${id}`, { name: 'saved', schedule_config, ...more });
      expect(await save(stored)).toMatchObject({ status: 200, body: { name: 'saved', schedule_config: stored } });
      for (const same of [
        { run_date: '2020-01-01T00:00:00Z' },
        { run_date: '2020-01-01 00:00', timezone: 'UTC', overlap: 'skip', end_at: null },
      ])
        expect([same, (await save(same)).status]).toEqual([same, 200]);
      expect(faultsOf(await save(stored, { priority: 99 }))).toEqual([[expect.any(String), 'body.priority']]);
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

  test.each(['PUT', 'PATCH'] as const)('%s changes the fields that are sent, and nothing else', async (method) => {
    const { id } = await createConfig({ description: 'before' });
    const answer = await stack.api.root(method, `/tasks/configs/${id}`, {
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
    expect((await stack.api.root(method, `/tasks/configs/${id}`, {})).body).toMatchObject({ name: 'renamed' });
    expect(
      (await stack.api.root(method, `/tasks/configs/${id}`, { description: null, timeout_seconds: null })).body,
    ).toMatchObject({ description: null, timeout_seconds: null });
  });

  test('refuses null in required fields, and values that break the schemas', async () => {
    const { id } = await createConfig();
    expect(
      faultsOf(
        await stack.api.root('PATCH', `/tasks/configs/${id}`, {
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
      faultsOf(
        await stack.api.root('PATCH', `/tasks/configs/${id}`, {
          schedule_config: {},
          parameters: { sleep_seconds: -1 },
        }),
      ),
    ).toEqual([
      [expect.any(String), 'body.parameters.sleep_seconds'],
      ['value_error', 'body.schedule_config.interval_seconds'],
    ]);
    expect((await stack.api.root('GET', `/tasks/configs/${id}`)).body).toMatchObject({
      parameters: HOURLY_CONFIG.parameters,
      schedule_config: HOURLY_CONFIG.schedule_config,
      updated_at: null,
    });
  });

  test('refuses a blank name', async () => {
    const { id } = await createConfig();
    expect(faultsOf(await stack.api.root('PATCH', `/tasks/configs/${id}`, { name: ' ' }))).toEqual([
      ['string_pattern_mismatch', 'body.name'],
    ]);
  });

  test('keeps what an older version stored, warns of it, and refuses it in a change', async () => {
    const stored = {
      parameters: { sleep_seconds: 1, timeout_duration: 3 },
      schedule_config: { interval_seconds: 3_600, tz: 'Europe/Berlin' },
    };
    const id = await insertConfig(stack.database, {
      task_type: 'TEST_TIMEOUT',
      scheduler_type: 'interval',
      ...stored,
    });
    const warnings = [
      { code: 'unknown_field', message: 'schedule_config.tz: is not known; did you mean timezone?' },
      { code: 'unknown_parameter', message: expect.stringMatching(/^parameters.timeout_duration: /) },
    ];
    expect((await stack.api.root('GET', `/tasks/configs/${id}`)).body).toMatchObject({ ...stored, warnings });
    expect((await stack.api.root('GET', '/tasks/configs')).body.items).toMatchObject([{ id, warnings }]);
    expect((await stack.api.root('GET', `/tasks/configs/${id}/next-runs`)).body.warnings).toMatchObject([warnings[0]]);
    expect(await stack.api.root('POST', `/tasks/schedules/${id}/start`)).toMatchObject({ body: { success: true } });
    const save = (body: object) => stack.api.root('PATCH', `/tasks/configs/${id}`, body);
    expect(await save({ name: 'renamed', ...stored })).toMatchObject({ status: 200, body: { name: 'renamed' } });
    expect(
      faultsOf(
        await save({
          parameters: { ...stored.parameters, sleep_seconds: 2 },
          schedule_config: { ...stored.schedule_config, interval_seconds: 60 },
        }),
      ),
    ).toEqual([
      ['extra_forbidden', 'body.parameters.timeout_duration'],
      ['value_error', 'body.schedule_config.tz'],
    ]);
    expect(await save({ parameters: {}, schedule_config: { minutes: 1 } })).toMatchObject({
      status: 200,
      body: { warnings: [] },
    });
  });

  test('answers an interval in seconds too, and takes both back from a form', async () => {
    const { id, schedule_config } = await createConfig({ schedule_config: { minutes: 5 } });
    expect(schedule_config).toEqual({ minutes: 5, interval_seconds: 300 });
    const save = async (change: object) =>
      (await stack.api.root('PATCH', `/tasks/configs/${id}`, { schedule_config: change })).body.schedule_config;
    expect(await save(schedule_config)).toEqual(schedule_config);
    // The dialog of the existing web client edits interval_seconds, and sends the rest as it was.
    expect(await save({ ...schedule_config, interval_seconds: 600 })).toEqual({ interval_seconds: 600 });
    expect(await save({ interval_seconds: 600, timezone: 'Europe/Berlin' })).toEqual({
      interval_seconds: 600,
      timezone: 'Europe/Berlin',
    });
  });

  test('updates an armed schedule at once', async () => {
    const { id } = await createConfig({}, '?auto_schedule=true');
    const answer = await stack.api.root('PATCH', `/tasks/configs/${id}`, {
      schedule_config: { interval_seconds: 7_200 },
      name: 'slower',
    });
    expect(answer.body).toMatchObject({ is_scheduled: true, status_consistent: true });
    const { spec } = await scheduleOf(id).describe();
    expect(spec.intervals).toMatchObject([{ every: 7_200_000 }]);
  });
});

describe('deleting a config', () => {
  test('removes the schedule and keeps the executions', async () => {
    const { id } = await createConfig({}, '?auto_schedule=true');
    const executionId = await insertExecution(stack.database, { config_id: id });
    expect(await stack.api.root('DELETE', `/tasks/configs/${id}`)).toMatchObject({
      status: 200,
      body: { success: true, message: expect.any(String) },
    });
    await expect(scheduleOf(id).describe()).rejects.toThrow();
    expect((await stack.api.root('GET', `/tasks/executions/${executionId}`)).body).toMatchObject({
      config_id: null,
      config_name: null,
      task_type: 'TEST_TIMEOUT',
    });
    expect((await stack.api.root('DELETE', `/tasks/configs/${id}`)).status).toBe(404);
  });
});
