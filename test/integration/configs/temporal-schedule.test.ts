import { keepReconcileSchedule } from '../../../src/worker/reconcile-schedule-keeper';
import { waitFor } from '../../support/process';
import { useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling((started) => {
  stack = started;
});

test('a started config has a Temporal schedule, whose runs show type and name in the Web UI', async () => {
  const config = await stack.createActive({
    name: '🙂'.repeat(200),
    priority: 10,
    scheduleConfig: {
      cron_expression: '0 9 * * 1-5',
      timezone: 'Europe/Berlin',
      overlap: 'buffer_one',
      catchup_window_seconds: 60,
      pause_on_failure: true,
      jitter_seconds: 2,
    },
  });
  const description = await stack.scheduleOf(config.id).describe();
  expect(description.policies).toEqual({ overlap: 'BUFFER_ONE', catchupWindow: 60_000, pauseOnFailure: true });
  expect(description.spec).toMatchObject({ timezone: 'Europe/Berlin', jitter: 2_000 });
  expect(description.state).toMatchObject({
    paused: false,
    note: expect.stringMatching(`^taskloom r${config.revision + 1}, times until `),
  });
  expect(description.action).toMatchObject({
    workflowType: 'runTask',
    workflowId: `task-config-${config.id}`,
    args: [{ configId: config.id, triggeredBy: 'schedule' }],
    memo: { configName: config.name, taskType: 'HEALTH_CHECK' },
    priority: { priorityKey: 1 },
  });

  await stack.scheduleOf(config.id).trigger();
  const run = await waitFor(async () => {
    for await (const found of stack.temporal.client.workflow.list({
      query: `TaskConfigId = ${config.id} AND TaskType = 'HEALTH_CHECK' AND TriggeredBy = 'schedule'`,
    }))
      return found;
    return undefined;
  });
  const handle = stack.temporal.client.workflow.getHandle(run.workflowId);
  expect((await handle.describe()).priority).toMatchObject({ priorityKey: 1 });
  expect(await (await handle.describe()).staticSummary()).toMatch(/^HEALTH_CHECK · (🙂)+$/u);
  await handle.terminate();
});

test('the listed next run is the one that Temporal computes', async () => {
  const [hourly, never] = [
    await stack.createActive(),
    await stack.createActive({ schedulerType: 'interval', scheduleConfig: { hours: 2 } }),
  ];
  await stack.commands.pause(never.id);
  const schedule = await stack.scheduleOf(hourly.id).describe();
  expect((await stack.gateway.describe(hourly.id))?.nextRun).toEqual(schedule.info.nextActionTimes[0]);
  const listed = await waitFor(async () => {
    const found = await stack.gateway.list([hourly.id, never.id, 4_711]);
    return found.get(never.id)?.state === 'paused' ? found : undefined;
  });
  expect([...listed.keys()].sort()).toEqual([hourly.id, never.id].sort());
  expect(listed.get(hourly.id)).toMatchObject({ state: 'active', nextRun: schedule.info.nextActionTimes[0] });
  expect(listed.get(never.id)?.nextRun).toBeNull();
});

test('the reconcile schedule is created once, and a pause by an operator is kept', async () => {
  await stack.gateway.ensureReconcileSchedule();
  const handle = stack.temporal.client.schedule.getHandle('taskloom-reconcile');
  await handle.pause('not now');
  await stack.gateway.ensureReconcileSchedule();
  const description = await handle.describe();
  expect(description).toMatchObject({
    state: { paused: true, note: 'not now' },
    action: { workflowType: 'reconcile', args: [] },
    policies: { overlap: 'SKIP', catchupWindow: 60_000 },
    spec: { intervals: [{ every: 60_000 }] },
  });
  expect((await stack.gateway.list()).size).toBe(0);
  await handle.delete();
});

test('a deleted reconcile schedule comes back by itself', async () => {
  await stack.gateway.ensureReconcileSchedule();
  const handle = stack.temporal.client.schedule.getHandle('taskloom-reconcile');
  expect(await stack.gateway.restoreReconcileSchedule()).toBe(false);
  const warnings: unknown[] = [];
  const stop = keepReconcileSchedule({
    gateway: stack.gateway,
    log: { warn: (...warning: unknown[]) => warnings.push(warning) },
    everyMs: 100,
  });
  await handle.delete();
  const description = await waitFor(() => handle.describe().catch(() => undefined));
  stop();
  expect(description).toMatchObject({
    action: { workflowType: 'reconcile' },
    spec: { intervals: [{ every: 60_000 }] },
  });
  await waitFor(async () => warnings.length > 0);
  await handle.delete();
});
