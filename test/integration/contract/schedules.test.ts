import { insertConfig } from '../../support/api-support';
import { faultsOf, NO_ID, useContract } from './contract-api';

const contract = useContract(['schedules'], { hasSchedules: true });
const { root } = contract;

const GONE = { status: 404, body: { detail: expect.any(String) } };
const hourly = (columns: object = {}) =>
  insertConfig(contract.database, {
    name: '每小时',
    scheduler_type: 'interval',
    schedule_config: { interval_seconds: 3_600 },
    ...columns,
  });
const act = (id: number, action: string, body?: object) => root('POST', `/tasks/schedules/${id}/${action}`, body);
const statusOf = async (id: number) => (await root('GET', `/tasks/schedules/${id}`)).body.status;

describe('20 POST /tasks/schedules/{id}/{action}', () => {
  test('moves through every state, and answers a refused action with a 200 that gives the reason', async () => {
    const id = await hourly();
    const steps = [
      ['pause', false, 'inactive'],
      ['resume', false, 'inactive'],
      ['reload', false, 'inactive'],
      ['start', true, 'active'],
      ['start', true, 'active'],
      ['reload', true, 'active'],
      ['resume', false, 'active'],
      ['pause', true, 'paused'],
      ['pause', false, 'paused'],
      ['resume', true, 'active'],
      ['stop', true, 'inactive'],
      ['stop', true, 'inactive'],
    ] as const;
    for (const [action, success, status] of steps) {
      const { body } = await act(id, action);
      expect([action, body, await statusOf(id)]).toEqual([
        action,
        { success: action === 'reload' ? expect.any(Boolean) : success, message: expect.any(String), config_id: id },
        status,
      ]);
    }
  });

  test('refuses to start a manual config, which stays as it is or is in error', async () => {
    const id = await hourly({ scheduler_type: 'manual', schedule_config: {} });
    expect((await act(id, 'start')).body).toMatchObject({ success: false });
    expect(['inactive', 'error']).toContain(await statusOf(id));
  });

  test('accepts any body, and refuses unknown actions and unknown configs', async () => {
    const id = await hourly();
    for (const payload of ['{}', '', 'nonsense', '[]'])
      expect(
        (
          await contract.api.app.inject({
            method: 'POST',
            url: `/api/v1/tasks/schedules/${id}/stop`,
            payload,
            headers: { authorization: `Bearer ${contract.api.tokens[0]}`, 'content-type': 'application/json' },
          })
        ).statusCode,
      ).toBe(200);
    for (const action of ['start', 'stop', 'pause', 'resume', 'reload'])
      expect([action, await act(NO_ID, action)]).toMatchObject([action, GONE]);
    expect(faultsOf(await root('POST', '/tasks/schedules/x/START'))).toEqual([
      ['int_parsing', 'path.id'],
      ['enum', 'path.action'],
    ]);
  });
});

describe('21 to 24, schedules', () => {
  test('lists armed schedules with their next times', async () => {
    const cron = await hourly({
      scheduler_type: 'cron',
      schedule_config: { cron_expression: '0 3 * * *' },
      timeout_seconds: 60,
      priority: 9,
    });
    const date = await hourly({ scheduler_type: 'date', schedule_config: { run_date: '2099-01-01T10:00' } });
    for (const id of [cron, date]) expect((await act(id, 'start')).body.success).toBe(true);
    const { schedules, total } = (await root('GET', '/tasks/schedules')).body;
    const of = (id: number) => schedules.find((job: { config_id: number }) => job.config_id === id);
    expect(total).toBe(schedules.length);
    expect(of(cron)).toMatchObject({
      task_name: '每小时',
      schedule: '0 3 * * *',
      next_run: expect.stringMatching(/T03:00:00/),
      labels: { task_type: 'TEST_TIMEOUT', scheduler_type: 'cron', timeout: '60', priority: '9' },
    });
    expect(of(date)).toMatchObject({ next_run: '2099-01-01T10:00:00.000Z', labels: { scheduler_type: 'date' } });
    expect((await root('DELETE', `/tasks/schedules/${cron}`)).body).toMatchObject({ success: true, config_id: cron });
    expect(
      (await root('GET', '/tasks/schedules')).body.schedules.map((job: { config_id: number }) => job.config_id),
    ).not.toContain(cron);
    expect((await root('GET', `/tasks/configs/${cron}`)).body).toMatchObject({ schedule_status: 'inactive' });
  });

  test('answers the stored and the real state of one schedule', async () => {
    const id = await hourly();
    expect((await root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      config_id: id,
      status: 'inactive',
      is_scheduled: false,
      is_actually_scheduled: false,
      status_consistent: true,
      metadata: {},
    });
    await act(id, 'start');
    expect((await root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
      status: 'active',
      is_scheduled: true,
      is_actually_scheduled: true,
      status_consistent: true,
      metadata: { name: '每小时', scheduler_type: 'interval' },
    });
    for (const method of ['GET', 'DELETE'] as const) {
      expect(await root(method, `/tasks/schedules/${NO_ID}`)).toMatchObject(GONE);
      expect(faultsOf(await root(method, '/tasks/schedules/x'))).toEqual([['int_parsing', 'path.id']]);
    }
  });

  test('answers the history of a schedule, newest first, and an empty one for an unknown schedule', async () => {
    const id = await hourly();
    for (const action of ['start', 'pause', 'stop']) await act(id, action);
    const { body } = await root('GET', `/tasks/schedules/${id}/history`);
    expect(body.history[0].event).toBe('task_unregistered');
    expect(body.history.map(({ event }: { event: string }) => event)).toEqual(
      expect.arrayContaining(['status_changed', 'task_registered', 'task_paused']),
    );
    expect((await root('GET', `/tasks/schedules/${id}/history?limit=1`)).body).toMatchObject({
      config_id: id,
      count: 1,
      history: [{ event: 'task_unregistered' }],
    });
    expect((await root('GET', `/tasks/schedules/${NO_ID}/history`)).body).toEqual({
      config_id: NO_ID,
      history: [],
      count: 0,
    });
  });
  contract.testInteger('/tasks/schedules/1/history', 'limit', 1, 200);
});

describe('25 POST /tasks/schedules/batch/{action}', () => {
  test('acts on each config, also after one that fails', async () => {
    const [one, two] = [await hourly(), await hourly()];
    const { body } = await root('POST', '/tasks/schedules/batch/start', { config_ids: [one, NO_ID, String(two)] });
    expect(body).toMatchObject({
      action: 'start',
      total: 3,
      success_count: 2,
      failed_count: 1,
      results: [
        { config_id: one, success: true },
        { config_id: NO_ID, success: false },
        { config_id: two, success: true },
      ],
    });
    expect((await root('POST', '/tasks/schedules/batch/stop', { config_ids: [one, one] })).body).toMatchObject({
      total: 2,
    });
  });

  test('names all faults of a request', async () => {
    expect(faultsOf(await root('POST', '/tasks/schedules/batch/begin', { config_ids: [] }))).toEqual([
      ['enum', 'path.action'],
      ['too_short', 'body.config_ids'],
    ]);
    expect(
      faultsOf(
        await root('POST', '/tasks/schedules/batch/stop', { config_ids: [1, 'x', null, 2_147_483_648, 1.5] }),
      ).map(([, loc]) => loc),
    ).toEqual(['body.config_ids.1', 'body.config_ids.2', 'body.config_ids.3', 'body.config_ids.4']);
    expect(faultsOf(await root('POST', '/tasks/schedules/batch/stop', {}))).toEqual([['missing', 'body.config_ids']]);
    expect(faultsOf(await root('POST', '/tasks/schedules/batch/stop', { config_ids: 5 }))).toEqual([
      ['list_type', 'body.config_ids'],
    ]);
    // No method of this path is the batch's, and `batch` is no id.
    expect(faultsOf(await root('GET', '/tasks/schedules/batch'))).toEqual([['int_parsing', 'path.id']]);
  });
});

test('26 GET /tasks/schedules/summary counts the configs by their state', async () => {
  const before = (await root('GET', '/tasks/schedules/summary')).body;
  const id = await hourly({ schedule_status: 'error' });
  await hourly({ schedule_status: 'paused' });
  const after = (await root('GET', '/tasks/schedules/summary')).body;
  expect([after.total_tasks, after.error_tasks, after.paused_tasks, after.inactive_tasks]).toEqual([
    before.total_tasks + 2,
    before.error_tasks + 1,
    before.paused_tasks + 1,
    before.inactive_tasks,
  ]);
  await root('DELETE', `/tasks/configs/${id}`);
  expect((await root('GET', '/tasks/schedules/summary')).body.total_tasks).toBe(before.total_tasks + 1);
});

contract.testCoverage();
