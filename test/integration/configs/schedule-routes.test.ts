import { waitFor } from '../../support/process';
import { insertConfig } from '../../support/api-support';
import { useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
const { createConfig, scheduleOf } = stack;

describe('the schedule routes', () => {
  test('list the armed configs with Temporal’s next time', async () => {
    const hourly = await createConfig({ timeout_seconds: 60 }, '?auto_schedule=true');
    const daily = await createConfig(
      {
        name: 'daily',
        scheduler_type: 'cron',
        schedule_config: { minute: '30', hour: '4', day: '*', month: '*', day_of_week: '*' },
      },
      '?auto_schedule=true',
    );
    const once = await createConfig(
      { name: 'once', scheduler_type: 'date', schedule_config: { run_date: '2099-01-01T10:00' } },
      '?auto_schedule=true',
    );
    const paused = await createConfig({ name: 'paused' }, '?auto_schedule=true');
    await stack.api.root('POST', `/tasks/schedules/${paused.id}/pause`);
    const jobs = await waitFor(async () => {
      const { body } = await stack.api.root('GET', '/tasks/schedules');
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

  test('show a date that has fired as active and consistent until its run has ended', async () => {
    const { id } = await createConfig(
      { scheduler_type: 'date', schedule_config: { run_date: new Date(Date.now() + 4_000).toISOString() } },
      '?auto_schedule=true',
    );
    await waitFor(async () => (await stack.api.root('GET', `/tasks/schedules/${id}`)).body.actual?.times_fired === 1);
    expect((await stack.api.root('POST', `/tasks/schedules/${id}/start`)).body).toMatchObject({
      success: false,
      message: expect.stringContaining('lies in the past'),
    });
    expect((await stack.api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      status: 'active',
      is_actually_scheduled: false,
      status_consistent: true,
      next_run: null,
    });
    const listed = async () => (await stack.api.root('GET', '/tasks/configs')).body.items[0];
    await waitFor(async () => (await listed()).status_consistent);
    expect(await listed()).toMatchObject({ id, schedule_status: 'active', schedule_error: null });
  });

  test.each(['europe/berlin', 'utc'])('show the next time in the zone %s after an edit', async (timezone) => {
    const { id } = await createConfig(
      { scheduler_type: 'cron', schedule_config: { cron_expression: '0 * * * *' } },
      '?auto_schedule=true',
    );
    expect(
      (
        await stack.api.root('PUT', `/tasks/configs/${id}`, {
          schedule_config: { cron_expression: '7 21 * * *', timezone },
        })
      ).body,
    ).toMatchObject({ schedule_status: 'active', schedule_error: null });
    expect((await stack.api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      status: 'active',
      next_run: expect.stringMatching(/:07:00\.000Z$/),
    });
  });

  test('show desired and actual state of one schedule', async () => {
    const { id } = await createConfig();
    expect((await stack.api.root('GET', `/tasks/schedules/${id}`)).body).toEqual({
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
    await stack.api.root('POST', `/tasks/schedules/${id}/start`);
    expect((await stack.api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
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
    expect((await stack.api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      status: 'active',
      is_actually_scheduled: false,
      status_consistent: false,
      next_run: null,
      actual: { state: 'paused', note: 'an operator did it', is_foreign_pause: true },
    });
    expect((await stack.api.root('GET', '/tasks/schedules/999999')).status).toBe(404);
  });

  test('show the history, newest first', async () => {
    const { id } = await createConfig({}, '?auto_schedule=true');
    await stack.api.root('POST', `/tasks/schedules/${id}/stop`);
    const { body } = await stack.api.root('GET', `/tasks/schedules/${id}/history?limit=3`);
    expect(body).toMatchObject({
      config_id: id,
      count: 3,
      history: [{ event: 'task_unregistered' }, { event: 'status_changed' }, { event: 'task_registered' }],
    });
    expect(Object.keys(body.history[1])).not.toContain('new_status');
    expect((await stack.api.root('GET', '/tasks/schedules/999999/history')).body).toEqual({
      config_id: 999_999,
      history: [],
      count: 0,
    });
    expect((await stack.api.root('GET', `/tasks/schedules/${id}/history?limit=201`)).status).toBe(422);
  });

  test('remove a schedule and keep its config', async () => {
    const { id } = await createConfig({}, '?auto_schedule=true');
    expect(await stack.api.root('DELETE', `/tasks/schedules/${id}`)).toMatchObject({
      status: 200,
      body: { success: true, config_id: id },
    });
    expect((await stack.api.root('GET', `/tasks/configs/${id}`)).body).toMatchObject({
      schedule_status: 'inactive',
      status_consistent: true,
    });
    expect((await stack.api.root('DELETE', '/tasks/schedules/999999')).status).toBe(404);
  });

  test('count configs by state in the summary', async () => {
    for (const schedule_status of ['active', 'paused', 'error', 'inactive', 'inactive'])
      await insertConfig(stack.database, { schedule_status });
    expect((await stack.api.root('GET', '/tasks/schedules/summary')).body).toEqual({
      total_tasks: 5,
      active_tasks: 1,
      paused_tasks: 1,
      inactive_tasks: 2,
      error_tasks: 1,
      last_updated: expect.stringMatching(/Z$/),
    });
  });
});
