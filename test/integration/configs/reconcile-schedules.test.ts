import { findConfigError } from '../../../src/tasks/registry';
import { createScheduleCommands } from '../../../src/scheduling/temporal/schedule-commands';
import { createScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { waitFor } from '../../support/process';
import { expectInStep, NO_REPAIRS, useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling((started) => {
  stack = started;
});

const EVERY_FIVE_HOURS = { schedulerType: 'interval', scheduleConfig: { hours: 5 } };

/** Commands that write the row and never reach Temporal, as in a process that dies between the two. */
const crashingCommands = () => {
  const dead = { apply: () => new Promise<never>(() => undefined), remove: () => new Promise<never>(() => undefined) };
  return stack.commandsThrough(dead);
};

test('reconcile repairs a start, a stop, a pause and an edit that crashed between row and schedule', async () => {
  const [started, stopped, edited, paused] = [
    await stack.createConfig(EVERY_FIVE_HOURS),
    await stack.createConfig(EVERY_FIVE_HOURS),
    await stack.createConfig(EVERY_FIVE_HOURS),
    await stack.createConfig(EVERY_FIVE_HOURS),
  ];
  for (const { id } of [stopped, edited, paused]) await stack.commands.start(id);
  const crashed = crashingCommands();
  void crashed.start(started.id);
  void crashed.stop(stopped.id);
  void crashed.pause(paused.id);
  await stack.configs.update(edited.id, { scheduleConfig: { minutes: 7 } });
  await waitFor(
    async () =>
      (await stack.configs.get(started.id))?.scheduleStatus === 'active' &&
      (await stack.configs.get(stopped.id))?.scheduleStatus === 'inactive' &&
      (await stack.configs.get(paused.id))?.scheduleStatus === 'paused',
  );
  expect(await stack.gateway.describe(started.id)).toBeNull();
  expect(await stack.gateway.describe(stopped.id)).not.toBeNull();

  await waitFor(async () => (await stack.gateway.list()).size === 3);
  expect(await stack.reconcile()).toMatchObject({ ...NO_REPAIRS, schedulesRepaired: 3, schedulesRemoved: 1 });
  expect(await stack.gateway.describe(started.id)).toMatchObject({ state: 'active' });
  expect(await stack.gateway.describe(stopped.id)).toBeNull();
  expect(await stack.gateway.describe(paused.id)).toMatchObject({
    state: 'paused',
    revision: (await stack.configs.get(paused.id))?.revision,
  });
  expect((await stack.gateway.describe(edited.id))?.revision).toBe((await stack.configs.get(edited.id))?.revision);
  expect(await stack.lastEvent(started.id)).toMatchObject({
    event: 'task_repaired',
    error: 'the schedule was missing in Temporal',
  });
  expect(await stack.lastEvent(edited.id)).toMatchObject({
    event: 'task_repaired',
    error: 'the schedule in Temporal was not up to date',
  });
  await waitFor(async () => (await stack.gateway.list()).size === 3);
  expect(await stack.reconcile()).toMatchObject(NO_REPAIRS);
});

test('reconcile skips configs that were written within the grace period', async () => {
  const { id } = await stack.createConfig(EVERY_FIVE_HOURS);
  await stack.configs.setScheduleStatus(id, 'active');
  expect(await stack.createPass({ graceMs: 60_000 }).run()).toMatchObject(NO_REPAIRS);
  expect(await stack.gateway.describe(id)).toBeNull();
  expect(await stack.reconcile()).toMatchObject({ schedulesRepaired: 1 });
});

test('reconcile removes a schedule without config, and keeps schedules that are not Taskloom’s', async () => {
  const config = await stack.createConfig(EVERY_FIVE_HOURS);
  await stack.commands.start(config.id);
  const others = await stack.temporal.client.schedule.create({
    scheduleId: 'task-config-of-somebody',
    spec: { intervals: [{ every: '1 day' }] },
    action: { type: 'startWorkflow', workflowType: 'runTask', taskQueue: 'none' },
  });
  await waitFor(async () => (await stack.gateway.list()).has(config.id));
  await stack.configs.remove(config.id);
  expect(await stack.reconcile()).toMatchObject({ ...NO_REPAIRS, schedulesRemoved: 1 });
  expect(await stack.gateway.describe(config.id)).toBeNull();
  expect((await others.describe()).scheduleId).toBe('task-config-of-somebody');
  await others.delete();
});

test('reconcile ignores schedules and runs of another task queue', async () => {
  const ours = await stack.createConfig(EVERY_FIVE_HOURS);
  const theirs = createScheduleGateway({ client: stack.temporal.client.schedule, taskQueue: 'somebody-elses' });
  const row = (await stack.configs.setScheduleStatus(ours.id, 'active'))!;
  for (const id of [ours.id, 4_711]) await theirs.apply(Object.assign(row.$clone(), { id, revision: 99 }));
  const run = await stack.startRun({ configId: null });
  await run.terminate();
  await waitFor(async () => (await stack.gateway.list()).size === 2);
  expect(await stack.reconcile()).toMatchObject({ ...NO_REPAIRS, executionsRecorded: 0 });
  for (const id of [ours.id, 4_711])
    expect(await stack.gateway.describe(id)).toMatchObject({ taskQueue: 'somebody-elses', revision: 99 });
  expect(await stack.rowOf(run.workflowId)).toBeUndefined();
});

test('a config with an unreadable schedule ends in error, and the other configs are still repaired', async () => {
  const [broken, fine] = [await stack.createConfig(EVERY_FIVE_HOURS), await stack.createConfig(EVERY_FIVE_HOURS)];
  await stack.configs.update(broken.id, { scheduleConfig: { hours: 'many' } });
  for (const { id } of [broken, fine]) await stack.configs.setScheduleStatus(id, 'active');
  expect(await stack.reconcile()).toMatchObject({ ...NO_REPAIRS, schedulesFailed: 1, schedulesRepaired: 1 });
  expect(await stack.configs.get(broken.id)).toMatchObject({
    scheduleStatus: 'error',
    scheduleError: expect.stringContaining('hours'),
  });
  expect(await stack.gateway.describe(fine.id)).toMatchObject({ state: 'active' });
});

test('an edit during a pass is not overwritten by the error of what was there before', async () => {
  const unfit = await stack.createActive({ ...EVERY_FIVE_HOURS, taskType: 'TEST_TIMEOUT' });
  const unreadable = await stack.createActive(EVERY_FIVE_HOURS);
  await stack.configs.update(unfit.id, { parameters: { sleep_seconds: -1 } });
  await stack.configs.update(unreadable.id, { scheduleConfig: { hours: 'many' } });
  await waitFor(async () => (await stack.gateway.list()).size === 2);
  /** The edit that corrects both comes just before the pass writes what it has found. */
  const configs: typeof stack.configs = {
    ...stack.configs,
    async setScheduleStatus(...given) {
      await stack.configs.update(unfit.id, { parameters: { sleep_seconds: 1 } });
      await stack.configs.update(unreadable.id, { scheduleConfig: { hours: 7 } });
      return stack.configs.setScheduleStatus(...given);
    },
  };
  expect(await stack.createPass({ configs }).run()).toMatchObject({ configsFailed: 0 });
  for (const { id } of [unfit, unreadable])
    expect(await stack.configs.get(id)).toMatchObject({ scheduleStatus: 'active', scheduleError: null });
  await waitFor(async () => (await stack.gateway.list()).size === 2);
  await stack.reconcile();
  for (const { id } of [unfit, unreadable]) await expectInStep(stack, id);
});

test('a config that this version cannot run ends in error, and starts again once it is corrected', async () => {
  const [gone, unfit, manual, fit] = [
    await stack.createConfig({ ...EVERY_FIVE_HOURS, taskType: 'REMOVED_TYPE' }),
    await stack.createConfig({ ...EVERY_FIVE_HOURS, taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: -1 } }),
    await stack.createConfig({ taskType: 'REMOVED_TYPE', schedulerType: 'manual', scheduleConfig: {} }),
    await stack.createConfig(EVERY_FIVE_HOURS),
  ];
  // Started by an older version, which could run them.
  for (const { id } of [gone, unfit, fit]) await stack.commands.start(id);
  expect(await stack.reconcile()).toMatchObject({ ...NO_REPAIRS, configsFailed: 3 });
  const stateOf = async (id: number) => (await stack.configs.get(id))?.scheduleStatus;
  expect([await stateOf(gone.id), await stateOf(unfit.id), await stateOf(manual.id), await stateOf(fit.id)]).toEqual([
    'error',
    'error',
    'error',
    'active',
  ]);
  expect((await stack.configs.get(unfit.id))?.scheduleError).toMatch(
    /^Its parameters do not fit TEST_TIMEOUT: sleep_seconds: /,
  );
  expect(await stack.lastEvent(gone.id)).toMatchObject({
    event: 'task_register_failed',
    success: false,
    error: 'Unknown task type REMOVED_TYPE',
  });
  await waitFor(async () => (await stack.gateway.list()).size === 1);
  expect(await stack.reconcile()).toMatchObject(NO_REPAIRS);

  const strict = createScheduleCommands({
    configs: stack.configs,
    convergence: stack.convergence,
    findConfigError,
  });
  expect(await strict.start(unfit.id)).toMatchObject({
    success: false,
    message: expect.stringContaining('do not fit'),
  });
  await stack.configs.update(unfit.id, { parameters: { sleep_seconds: 1 } });
  expect(await strict.start(unfit.id)).toMatchObject({ success: true });
  await stack.configs.update(manual.id, { name: 'corrected' });
  await strict.rearm(manual.id);
  expect(await stateOf(manual.id)).toBe('inactive');
});
