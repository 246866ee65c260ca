import { createScheduleGateway, type ScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { ScheduleRefusedError, SchedulerUnavailableError } from '../../../src/scheduling/temporal/scheduling-errors';
import { waitFor } from '../../support/process';
import { expectInStep, useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling((started) => {
  stack = started;
});

test('an edit that Temporal refuses sets the config to error with the reason', async () => {
  const { id } = await stack.createActive();
  const refusing: Pick<ScheduleGateway, 'apply' | 'remove'> = {
    ...stack.gateway,
    apply: (config) =>
      config.scheduleStatus === 'active'
        ? Promise.reject(new ScheduleRefusedError(new TypeError('invalid calendar')))
        : stack.gateway.apply(config),
  };
  await stack.configs.update(id, { scheduleConfig: { cron_expression: '0 21 * * *' } });
  expect(await stack.commandsThrough(refusing).rearm(id)).toMatchObject({
    success: false,
    message: expect.stringContaining('invalid calendar'),
  });
  expect(await stack.configs.get(id)).toMatchObject({
    scheduleStatus: 'error',
    scheduleError: expect.stringContaining('invalid calendar'),
  });
  await expectInStep(stack, id);
});

test('without Temporal each command reports the outage, and reconcile applies it later', async () => {
  const cause = new Error('connection refused');
  const away = createScheduleGateway({ client: stack.temporal.client.schedule, taskQueue: 'none', timeoutMs: 1 });
  await expect(away.describe(1)).rejects.toThrow(SchedulerUnavailableError);
  const dead = {
    apply: () => Promise.reject(new SchedulerUnavailableError(cause)),
    remove: () => Promise.reject(new SchedulerUnavailableError(cause)),
  };
  const withoutTemporal = stack.commandsThrough(dead);

  const fresh = await stack.createConfig();
  expect(await withoutTemporal.start(fresh.id)).toMatchObject({
    success: false,
    message: expect.stringContaining('connection refused'),
  });
  expect(await stack.configs.get(fresh.id)).toMatchObject({ scheduleStatus: 'active', scheduleError: null });
  expect((await stack.eventsOf(fresh.id)).slice(-2)).toEqual(['status_changed=active', 'task_register_error']);
  await waitFor(async () => (await stack.reconcile()).schedulesRepaired === 1);
  await expectInStep(stack, fresh.id);

  const armed = await stack.createActive();
  expect(await withoutTemporal.start(armed.id)).toMatchObject({ success: false });
  expect(await stack.statusOf(armed.id)).toBe('active');
  expect(await withoutTemporal.pause(armed.id)).toMatchObject({ success: false });
  expect((await stack.eventsOf(armed.id)).slice(-2)).toEqual(['status_changed=paused', 'task_pause_error']);
  await waitFor(async () => (await stack.reconcile()).schedulesRepaired === 1);
  await expectInStep(stack, armed.id);
  expect(await withoutTemporal.stop(armed.id)).toMatchObject({ success: false });
  expect((await stack.eventsOf(armed.id)).slice(-2)).toEqual(['status_changed=inactive', 'task_unregister_error']);
  await waitFor(async () => (await stack.reconcile()).schedulesRemoved === 1);
  await expectInStep(stack, armed.id);
});
