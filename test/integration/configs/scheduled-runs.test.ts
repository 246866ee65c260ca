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
  // Without a reconcile pass.
  await waitFor(async () => (await stack.statusOf(id)) === 'inactive' && (await stack.gateway.describe(id)) === null);
  expect((await stack.configs.listEvents(id, 2)).map((event) => [event.event, event.success])).toEqual([
    ['task_completed', true],
    ['status_changed', null],
  ]);
  // A start is refused and changes nothing.
  const before = [await stack.configs.get(id), (await stack.configs.listEvents(id, 50)).length];
  expect(await stack.commands.start(id)).toMatchObject({
    success: false,
    message: expect.stringContaining('lies in the past'),
  });
  expect([await stack.configs.get(id), (await stack.configs.listEvents(id, 50)).length]).toEqual(before);
  // An edit of another field does not arm it again.
  await stack.configs.update(id, { name: 'Renamed' });
  expect(await stack.commands.rearm(id)).toMatchObject({ success: true });
  expect(await stack.gateway.describe(id)).toBeNull();
  expect(await stack.reconcile()).toMatchObject({ schedulesCompleted: 0, schedulesRemoved: 0 });
  expect(await stack.configs.get(id)).toMatchObject({ scheduleStatus: 'inactive', scheduleError: null });
});

test.each([
  ['failed', 'TEST_FAILURE', {}],
  ['timed_out', 'TEST_TIMEOUT', { sleep_seconds: 60 }],
])('a config with a date becomes inactive too when its run has %s', async (status, taskType, parameters) => {
  const { id } = await stack.createActive({
    taskType,
    parameters,
    timeoutSeconds: 1,
    schedulerType: 'date',
    scheduleConfig: { run_date: new Date(Date.now() + 2_000).toISOString() },
  });
  await waitFor(async () => (await stack.statusOf(id)) === 'inactive');
  expect(await stack.database('task_executions').where({ config_id: id })).toMatchObject([{ status }]);
});

test('an edit to a later date wins over the end of the run for the old one', async () => {
  const { id } = await stack.createActive({
    taskType: 'TEST_TIMEOUT',
    parameters: { sleep_seconds: 2 },
    schedulerType: 'date',
    scheduleConfig: { run_date: new Date(Date.now() + 2_000).toISOString() },
  });
  const runs = () => stack.database('task_executions').where({ config_id: id });
  await waitFor(async () => (await runs()).length === 1);
  const run_date = new Date(Date.now() + 3_600_000).toISOString();
  await stack.configs.update(id, { scheduleConfig: { run_date } });
  await stack.commands.rearm(id);
  await waitFor(async () => (await runs().where({ status: 'succeeded' })).length === 1);
  await stack.reconcile();
  expect(await stack.statusOf(id)).toBe('active');
  expect((await stack.gateway.describe(id))?.nextRun?.toISOString().slice(0, 19)).toBe(run_date.slice(0, 19));
});

test('a run for a new date that waits for the one of the old date is not lost when that one ends', async () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
  const scheduleConfig = (run_date: string) => ({ run_date, overlap: 'buffer_one' });
  const { id } = await stack.createActive({
    taskType: 'TEST_TIMEOUT',
    parameters: { sleep_seconds: 6 },
    schedulerType: 'date',
    scheduleConfig: scheduleConfig(inSeconds(2)),
  });
  const runs = () => stack.database('task_executions').where({ config_id: id });
  await waitFor(async () => (await runs()).length === 1);
  await stack.configs.update(id, { scheduleConfig: scheduleConfig(inSeconds(3)) });
  await stack.commands.rearm(id);
  await waitFor(async () => ((await stack.gateway.describe(id))?.waitingRuns ?? 0) === 1);
  await waitFor(async () => (await runs().where({ status: 'succeeded' })).length === 2);
  await waitFor(async () => (await stack.statusOf(id)) === 'inactive');
});

test.each(['pause', 'stop'] as const)('a %s tells of due runs that waited for the one at work', async (command) => {
  const { id } = await stack.createActive({
    taskType: 'TEST_TIMEOUT',
    parameters: { sleep_seconds: 300 },
    schedulerType: 'interval',
    scheduleConfig: { seconds: 1, overlap: 'buffer_all' },
  });
  await waitFor(async () => ((await stack.gateway.describe(id))?.waitingRuns ?? 0) >= 2);
  await stack.commands[command](id);
  const told = (await stack.configs.listEvents(id, 50)).filter(({ event }) => event === 'runs_dropped');
  expect(told).toEqual([
    expect.objectContaining({
      success: false,
      error: expect.stringMatching(/^\d+ due runs waited for the one at work to end: dropped/),
    }),
  ]);
  // Told once: another pause or stop drops nothing more.
  await stack.commands[command](id);
  expect((await stack.configs.listEvents(id, 50)).filter(({ event }) => event === 'runs_dropped')).toHaveLength(1);
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
