import { findConfigError } from '../../../src/tasks/registry';
import { createScheduleCommands, SCHEDULE_COMMANDS } from '../../../src/scheduling/temporal/schedule-commands';
import { ConfigNotFoundError } from '../../../src/scheduling/temporal/scheduling-errors';
import { expectInStep, useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling((started) => {
  stack = started;
});

test('each command changes state, schedule and events together', async () => {
  const { id } = await stack.createConfig();
  expect(await stack.commands.resume(id)).toEqual({
    success: false,
    message: expect.stringContaining('inactive'),
    config_id: id,
  });
  expect(await stack.commands.pause(id)).toEqual({
    success: false,
    message: expect.stringContaining('inactive'),
    config_id: id,
  });
  for (const [action, state] of [
    ['start', 'active'],
    ['start', 'active'],
    ['pause', 'paused'],
    ['resume', 'active'],
    ['pause', 'paused'],
    ['start', 'active'],
    ['reload', 'active'],
    ['stop', 'inactive'],
    ['stop', 'inactive'],
    ['reload', 'inactive'],
  ] as const) {
    expect([action, (await stack.commands[action](id)).success]).toEqual([action, true]);
    expect(await stack.statusOf(id)).toBe(state);
    await expectInStep(stack, id);
  }
  const paused = ['status_changed=paused', 'task_paused'];
  const started = ['status_changed=active', 'task_registered'];
  const stopped = ['status_changed=inactive', 'task_unregistered'];
  expect(await stack.eventsOf(id)).toEqual([
    ...started,
    'task_registered',
    ...paused,
    ...started,
    ...paused,
    ...started,
    'task_registered',
    ...stopped,
    ...stopped,
  ]);
  await expect(Promise.all(SCHEDULE_COMMANDS.map((action) => stack.commands[action](4_711)))).rejects.toThrow(
    ConfigNotFoundError,
  );
});

test('a config that cannot be armed is refused with the reason', async () => {
  const manual = await stack.createConfig({ schedulerType: 'manual', scheduleConfig: {} });
  expect(await stack.commands.start(manual.id)).toMatchObject({
    success: false,
    message: expect.stringContaining('manual'),
  });
  expect(await stack.statusOf(manual.id)).toBe('inactive');

  const date = await stack.createConfig({ schedulerType: 'date', scheduleConfig: { run_date: '2020-01-01T00:00' } });
  const ended = await stack.createConfig({
    scheduleConfig: { cron_expression: '0 * * * *', end_at: '2020-01-01T00:00' },
  });
  for (const [{ id }, time] of [
    [date, 'its date, 2020-01-01T00:00:00.000Z,'],
    [ended, 'its end, 2020-01-01T00:00:00.000Z,'],
  ] as const) {
    expect(await stack.commands.start(id)).toMatchObject({
      success: false,
      message: expect.stringContaining(`${time} lies in the past`),
    });
    expect(await stack.configs.get(id)).toMatchObject({ scheduleStatus: 'inactive', scheduleError: null });
    expect(await stack.eventsOf(id)).toEqual([]);
    await expectInStep(stack, id);
  }

  const checked = createScheduleCommands({
    configs: stack.configs,
    convergence: stack.convergence,
    findConfigError,
  });
  const gone = await stack.createConfig({ taskType: 'GONE' });
  expect(await checked.start(gone.id)).toMatchObject({ success: false });
  expect(await stack.configs.get(gone.id)).toMatchObject({
    scheduleStatus: 'error',
    scheduleError: expect.stringContaining('Unknown task type'),
  });
  expect(await stack.eventsOf(gone.id)).toEqual(['status_changed=error', 'task_register_failed']);
  await expectInStep(stack, gone.id);
});

test('an edit updates the schedule, and a deletion removes it', async () => {
  const { id } = await stack.createActive();
  await stack.configs.update(id, { scheduleConfig: { cron_expression: '30 4 * * *' }, name: 'Nightly' });
  expect(await stack.commands.rearm(id)).toMatchObject({ success: true });
  expect((await stack.gateway.describe(id))?.nextRun?.toISOString()).toMatch(/T04:30:00.000Z$/);
  await stack.configs.remove(id);
  expect(await stack.convergence.converge(id)).toBeUndefined();
  expect(await stack.gateway.describe(id)).toBeNull();
});

test('a reload of a date that has passed is refused, and leaves the config as it is', async () => {
  const { id } = await stack.createConfig({ schedulerType: 'date', scheduleConfig: { run_date: '2020-01-01T00:00' } });
  await stack.configs.setScheduleStatus(id, 'paused');
  expect(await stack.commands.reload(id)).toMatchObject({
    success: false,
    message: expect.stringMatching(/cannot be reloaded: its date, 2020-01-01T00:00:00.000Z, lies in the past$/),
  });
  expect(await stack.statusOf(id)).toBe('paused');
});
