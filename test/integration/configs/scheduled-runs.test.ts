import { waitFor } from '../../support/process';
import { useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling(
  (started) => {
    stack = started;
  },
  { withWorker: true },
);

test('a config with a date runs once and then becomes inactive', async () => {
  const { id } = await stack.createConfig({
    schedulerType: 'date',
    scheduleConfig: { run_date: new Date(Date.now() + 2_000).toISOString() },
  });
  expect(await stack.commands.start(id)).toMatchObject({ success: true });
  await waitFor(
    async () =>
      (await stack.database('task_executions').where({ config_id: id, status: 'succeeded', triggered_by: 'schedule' }))
        .length === 1,
  );
  // Before the next reconcile pass, a start is already refused and changes nothing.
  const before = [await stack.configs.get(id), (await stack.configs.listEvents(id, 50)).length];
  expect(await stack.commands.start(id)).toMatchObject({
    success: false,
    message: expect.stringContaining('lies in the past'),
  });
  expect([await stack.configs.get(id), (await stack.configs.listEvents(id, 50)).length]).toEqual(before);
  // An edit of another field does not arm it again.
  await stack.configs.update(id, { name: 'Renamed' });
  expect(await stack.commands.rearm(id)).toMatchObject({ success: true });
  await waitFor(async () => (await stack.reconcile()).schedulesCompleted === 1);
  expect(await stack.configs.get(id)).toMatchObject({ scheduleStatus: 'inactive', scheduleError: null });
  expect((await stack.configs.listEvents(id, 2)).map((event) => [event.event, event.success])).toEqual([
    ['task_completed', true],
    ['status_changed', null],
  ]);
  expect(await stack.gateway.describe(id)).toBeNull();
  expect(await stack.commands.start(id)).toMatchObject({
    success: false,
    message: expect.stringContaining('lies in the past'),
  });
  expect(await stack.configs.get(id)).toMatchObject({ scheduleStatus: 'inactive', scheduleError: null });
});

test('a scheduled run records the time it was scheduled for; a manual run has none', async () => {
  const { id } = await stack.createConfig({ schedulerType: 'interval', scheduleConfig: { seconds: 1 } });
  await stack.commands.start(id);
  const row = await waitFor(
    async () =>
      (await stack.database('task_executions').where({ config_id: id }).first()) as
        { scheduled_at: Date | null; started_at: Date } | undefined,
  );
  await stack.commands.stop(id);
  expect(row.scheduled_at?.getMilliseconds()).toBe(0);
  expect(row.scheduled_at?.getTime()).toBeLessThanOrEqual(row.started_at.getTime());
  const { firstExecutionRunId } = await stack.startRun({ configId: null, taskType: 'HEALTH_CHECK' }, stack.taskQueue);
  expect(
    await waitFor(
      async () =>
        (await stack.database('task_executions').where({ run_id: firstExecutionRunId }).first()) as object | undefined,
    ),
  ).toMatchObject({ scheduled_at: null });
});

test('a pause by pause_on_failure is adopted into the row', async () => {
  const { id } = await stack.createConfig({
    taskType: 'TEST_FAILURE',
    schedulerType: 'interval',
    scheduleConfig: { seconds: 1, pause_on_failure: true },
  });
  await stack.commands.start(id);
  await waitFor(async () => (await stack.reconcile()).pausesAdopted === 1);
  expect(await stack.configs.get(id)).toMatchObject({
    scheduleStatus: 'paused',
    scheduleError: expect.stringContaining('failure'),
  });
  expect(await stack.lastEvent(id)).toMatchObject({ event: 'task_paused', error: expect.stringContaining('failure') });
});
