import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { findConfigFault } from '../../../src/tasks/registry';
import { createReconciler } from '../../../src/scheduling/reconcile/reconcile-pass';
import { createScheduleCommands, type ScheduleCommands } from '../../../src/scheduling/temporal/schedule-commands';
import {
  createScheduleConvergence,
  type ScheduleConvergence,
} from '../../../src/scheduling/temporal/schedule-convergence';
import { createScheduleGateway, type ScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import {
  createExecutionRepository,
  type ExecutionRepository,
} from '../../../src/storage/executions/execution-repository';
import {
  createTaskConfigRepository,
  type NewTaskConfig,
  type TaskConfigRepository,
} from '../../../src/storage/configs/task-config-repository';
import { waitFor } from '../../support/process';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import type { RunRequest } from '../../../src/workflows';
import type * as workflows from '../../../src/workflows';

let db: TestDatabase;
let worker: TestWorker;
let configs: TaskConfigRepository;
let executions: ExecutionRepository;
let gateway: ScheduleGateway;
let convergence: ScheduleConvergence;
let actions: ScheduleCommands;

beforeAll(async () => {
  const temporal = await createTestNamespace();
  db = await createTestDatabase();
  worker = await startTestWorker({ database: db.database, temporal });
  configs = createTaskConfigRepository(db.database);
  executions = createExecutionRepository(db.database);
  gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue: worker.taskQueue });
  convergence = createScheduleConvergence({ configs, gateway });
  actions = createScheduleCommands({ configs, convergence });
});
afterAll(async () => {
  await worker?.stop();
  await db?.drop();
});
beforeEach(async () => {
  for (const id of (await gateway.list()).keys()) await gateway.remove(id);
  await waitFor(async () => (await gateway.list()).size === 0);
  await db.database.raw('truncate task_configs, task_executions cascade');
});

const log = pino({ level: 'silent' });
const reconciler = (overrides: { graceMs?: number } = {}) =>
  createReconciler({
    findConfigFault,
    configs,
    executions,
    gateway,
    convergence,
    workflowClient: worker.temporal.client.workflow,
    taskQueue: worker.taskQueue,
    log,
    graceMs: 0,
    ...overrides,
  });
/** A new reconciler each time, as after a restart; it looks at all of the last day. */
const reconcile = () => reconciler().run();
const CLEAN = {
  configsFailed: 0,
  schedulesRemoved: 0,
  schedulesRepaired: 0,
  pausesAdopted: 0,
  schedulesCompleted: 0,
  schedulesFailed: 0,
  executionsEnded: 0,
};

const create = (overrides: Partial<NewTaskConfig> = {}) =>
  configs.create({
    name: 'Health',
    description: null,
    taskType: 'HEALTH_CHECK',
    schedulerType: 'interval',
    parameters: {},
    scheduleConfig: { hours: 5 },
    maxRetries: 0,
    timeoutSeconds: null,
    priority: 5,
    ...overrides,
  });
const lastEvent = async (id: number) => (await configs.listEvents(id, 1))[0];
/** The row is written, then the process dies. */
const crashing = () => {
  const dead = { apply: () => new Promise<never>(() => undefined), remove: () => new Promise<never>(() => undefined) };
  return createScheduleCommands({ configs, convergence: createScheduleConvergence({ configs, gateway: dead }) });
};
const rowOf = async (workflowId: string) =>
  (await db.database('task_executions').where({ workflow_id: workflowId }))[0] as Record<string, unknown> | undefined;

/** Of nobody's task queue unless told otherwise: it stays open until somebody ends it. */
async function startRun(request: Partial<RunRequest> & { configId: number | null }, taskQueue = 'nobody-serves-this') {
  return worker.temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
    workflowId: `test-${randomUUID()}`,
    taskQueue,
    args: [{ triggeredBy: 'manual', ...request }],
  });
}
/** The row that a run has while it is at work. */
const beginRow = (handle: { workflowId: string; firstExecutionRunId: string }) =>
  executions.begin({
    taskId: handle.workflowId,
    workflowId: handle.workflowId,
    runId: handle.firstExecutionRunId,
    configId: null,
    taskType: 'HEALTH_CHECK',
    triggeredBy: 'manual',
    startedAt: new Date(),
  });

test('a crash between the two writes of a start, a stop and an edit is repaired', async () => {
  const [started, stopped, edited, paused] = [await create(), await create(), await create(), await create()];
  for (const { id } of [stopped, edited, paused]) await actions.start(id);
  const crashed = crashing();
  void crashed.start(started.id);
  void crashed.stop(stopped.id);
  void crashed.pause(paused.id);
  await configs.update(edited.id, { scheduleConfig: { minutes: 7 } });
  await waitFor(
    async () =>
      (await configs.get(started.id))?.scheduleStatus === 'active' &&
      (await configs.get(stopped.id))?.scheduleStatus === 'inactive' &&
      (await configs.get(paused.id))?.scheduleStatus === 'paused',
  );
  expect(await gateway.describe(started.id)).toBeNull();
  expect(await gateway.describe(stopped.id)).not.toBeNull();

  await waitFor(async () => (await gateway.list()).size === 3);
  expect(await reconcile()).toMatchObject({ ...CLEAN, schedulesRepaired: 3, schedulesRemoved: 1 });
  expect(await gateway.describe(started.id)).toMatchObject({ state: 'active' });
  expect(await gateway.describe(stopped.id)).toBeNull();
  expect(await gateway.describe(paused.id)).toMatchObject({
    state: 'paused',
    revision: (await configs.get(paused.id))?.revision,
  });
  expect((await gateway.describe(edited.id))?.revision).toBe((await configs.get(edited.id))?.revision);
  expect(await lastEvent(started.id)).toMatchObject({
    event: 'task_repaired',
    error: 'the schedule was missing in Temporal',
  });
  expect(await lastEvent(edited.id)).toMatchObject({
    event: 'task_repaired',
    error: 'the schedule in Temporal was not up to date',
  });
  await waitFor(async () => (await gateway.list()).size === 3);
  expect(await reconcile()).toMatchObject(CLEAN);
});

test('what was written a moment ago is left to its writer', async () => {
  const { id } = await create();
  await configs.setScheduleStatus(id, 'active');
  expect(await reconciler({ graceMs: 60_000 }).run()).toMatchObject(CLEAN);
  expect(await gateway.describe(id)).toBeNull();
  expect(await reconcile()).toMatchObject({ schedulesRepaired: 1 });
});

test('a schedule without config is removed, and nobody else’s', async () => {
  const config = await create();
  await actions.start(config.id);
  const others = await worker.temporal.client.schedule.create({
    scheduleId: 'task-config-of-somebody',
    spec: { intervals: [{ every: '1 day' }] },
    action: { type: 'startWorkflow', workflowType: 'runTask', taskQueue: 'none' },
  });
  await waitFor(async () => (await gateway.list()).has(config.id));
  await configs.remove(config.id);
  expect(await reconcile()).toMatchObject({ ...CLEAN, schedulesRemoved: 1 });
  expect(await gateway.describe(config.id)).toBeNull();
  expect((await others.describe()).scheduleId).toBe('task-config-of-somebody');
  await others.delete();
});

test('schedules and runs of another task queue in the namespace are left alone', async () => {
  const ours = await create();
  const theirs = createScheduleGateway({ client: worker.temporal.client.schedule, taskQueue: 'somebody-elses' });
  const row = (await configs.setScheduleStatus(ours.id, 'active'))!;
  for (const id of [ours.id, 4_711]) await theirs.apply(Object.assign(row.$clone(), { id, revision: 99 }));
  const run = await startRun({ configId: null });
  await run.terminate();
  await waitFor(async () => (await gateway.list()).size === 2);
  expect(await reconcile()).toMatchObject({ ...CLEAN, executionsRecorded: 0 });
  for (const id of [ours.id, 4_711])
    expect(await gateway.describe(id)).toMatchObject({ taskQueue: 'somebody-elses', revision: 99 });
  expect(await rowOf(run.workflowId)).toBeUndefined();
});

test('a date runs once, and then the config is inactive', async () => {
  const { id } = await create({
    schedulerType: 'date',
    scheduleConfig: { run_date: new Date(Date.now() + 2_000).toISOString() },
  });
  expect(await actions.start(id)).toMatchObject({ success: true });
  await waitFor(
    async () =>
      (await db.database('task_executions').where({ config_id: id, status: 'succeeded', triggered_by: 'schedule' }))
        .length === 1,
  );
  // A start in the meantime is told so already, and changes nothing.
  const before = [await configs.get(id), (await configs.listEvents(id, 50)).length];
  expect(await actions.start(id)).toMatchObject({
    success: false,
    message: expect.stringContaining('lies in the past'),
  });
  expect([await configs.get(id), (await configs.listEvents(id, 50)).length]).toEqual(before);
  // An edit of something else in between does not arm it again.
  await configs.update(id, { name: 'Renamed' });
  expect(await actions.rearm(id)).toMatchObject({ success: true });
  await waitFor(async () => (await reconcile()).schedulesCompleted === 1);
  expect(await configs.get(id)).toMatchObject({ scheduleStatus: 'inactive', scheduleError: null });
  expect((await configs.listEvents(id, 2)).map((event) => [event.event, event.success])).toEqual([
    ['task_completed', true],
    ['status_changed', null],
  ]);
  expect(await gateway.describe(id)).toBeNull();
  expect(await actions.start(id)).toMatchObject({
    success: false,
    message: expect.stringContaining('lies in the past'),
  });
  expect(await configs.get(id)).toMatchObject({ scheduleStatus: 'inactive', scheduleError: null });
});

test('a run of a schedule keeps when it was meant to begin', async () => {
  const { id } = await create({ schedulerType: 'interval', scheduleConfig: { seconds: 1 } });
  await actions.start(id);
  const row = await waitFor(
    async () =>
      (await db.database('task_executions').where({ config_id: id }).first()) as
        { scheduled_at: Date | null; started_at: Date } | undefined,
  );
  await actions.stop(id);
  expect(row.scheduled_at?.getMilliseconds()).toBe(0);
  expect(row.scheduled_at?.getTime()).toBeLessThanOrEqual(row.started_at.getTime());
  const { firstExecutionRunId } = await startRun({ configId: null, taskType: 'HEALTH_CHECK' }, worker.taskQueue);
  expect(
    await waitFor(
      async () =>
        (await db.database('task_executions').where({ run_id: firstExecutionRunId }).first()) as object | undefined,
    ),
  ).toMatchObject({ scheduled_at: null });
});

test('pause_on_failure pauses the row too', async () => {
  const { id } = await create({
    taskType: 'TEST_FAILURE',
    schedulerType: 'interval',
    scheduleConfig: { seconds: 1, pause_on_failure: true },
  });
  await actions.start(id);
  await waitFor(async () => (await reconcile()).pausesAdopted === 1);
  expect(await configs.get(id)).toMatchObject({
    scheduleStatus: 'paused',
    scheduleError: expect.stringContaining('failure'),
  });
  expect(await lastEvent(id)).toMatchObject({ event: 'task_paused', error: expect.stringContaining('failure') });
});

test('a stored schedule that cannot be read ends in error, and does not hold up the others', async () => {
  const [broken, fine] = [await create(), await create()];
  await configs.update(broken.id, { scheduleConfig: { hours: 'many' } });
  for (const { id } of [broken, fine]) await configs.setScheduleStatus(id, 'active');
  expect(await reconcile()).toMatchObject({ ...CLEAN, schedulesFailed: 1, schedulesRepaired: 1 });
  expect(await configs.get(broken.id)).toMatchObject({
    scheduleStatus: 'error',
    scheduleError: expect.stringContaining('hours'),
  });
  expect(await gateway.describe(fine.id)).toMatchObject({ state: 'active' });
});

test('rows of workflows that closed behind their back are ended as the workflow was', async () => {
  const [open, terminated, cancelled, unknown] = [
    await startRun({ configId: null }),
    await startRun({ configId: null }),
    await startRun({ configId: null, taskType: 'HEALTH_CHECK' }, worker.taskQueue),
    { workflowId: `it's "gone"`, firstExecutionRunId: randomUUID() },
  ];
  for (const handle of [open, terminated, cancelled, unknown]) await beginRow(handle);
  const batch = await worker.temporal.client.workflow.start('runBatch', {
    workflowId: `batch-${randomUUID()}`,
    taskQueue: 'nobody-serves-this',
    args: [{ configIds: [1, 2] }],
  });
  const row = {
    workflow_id: batch.workflowId,
    run_id: batch.firstExecutionRunId,
    status: 'running',
    triggered_by: 'batch',
    started_at: new Date(),
  };
  await db
    .database('task_executions')
    .insert([1, 2].map((n) => ({ ...row, task_id: `${batch.workflowId}-${n}`, batch_index: n })));
  await terminated.terminate('enough of it');
  await batch.terminate();
  await cancelled.result().catch(() => undefined);
  await db
    .database('task_executions')
    .where({ workflow_id: cancelled.workflowId })
    .update({ status: 'running', completed_at: null, result: null, error_message: null });

  expect(await reconcile()).toMatchObject({ ...CLEAN, executionsEnded: 5 });
  expect(await rowOf(open.workflowId)).toMatchObject({ status: 'running' });
  expect(await rowOf(terminated.workflowId)).toMatchObject({
    status: 'terminated',
    error_message: 'enough of it',
    completed_at: (await terminated.describe()).closeTime,
  });
  expect(await rowOf(unknown.workflowId)).toMatchObject({
    status: 'failed',
    error_message: 'Its workflow is no longer known to Temporal',
  });
  expect(await rowOf(cancelled.workflowId)).toMatchObject({
    status: 'succeeded',
    result: { return_value: expect.anything() },
  });
  expect(
    await db.database('task_executions').where({ workflow_id: batch.workflowId }).orderBy('batch_index'),
  ).toMatchObject([{ status: 'terminated' }, { status: 'terminated' }]);
  await open.terminate();
});

test('a closed workflow without a row gets one', async () => {
  const config = await create();
  await actions.start(config.id);
  await worker.temporal.client.schedule.getHandle(`task-config-${config.id}`).trigger();
  const workflowId = await waitFor(
    async () =>
      (await db.database('task_executions').where({ config_id: config.id, status: 'succeeded' }))[0]?.workflow_id as
        string | undefined,
  );
  const before = await rowOf(workflowId);
  await worker.temporal.client.workflow.getHandle(workflowId).result();
  await db.database.raw('truncate task_executions cascade');

  const pass = reconciler();
  const isRecorded = async () => {
    await pass.run();
    return rowOf(workflowId);
  };
  const row = await waitFor(isRecorded);
  expect(row).toMatchObject({
    status: 'succeeded',
    config_id: config.id,
    task_type: 'HEALTH_CHECK',
    triggered_by: 'schedule',
    result: before?.['result'],
    run_id: before?.['run_id'],
  });
  expect(await pass.run()).toMatchObject({ executionsRecorded: 0 });
  expect(await rowOf(workflowId)).toEqual(row);
});

test('a config that this version cannot run shows it, and its schedule goes; mended, it can be started again', async () => {
  const [gone, unfit, manual, fit] = [
    await create({ taskType: 'REMOVED_TYPE' }),
    await create({ taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: -1 } }),
    await create({ taskType: 'REMOVED_TYPE', schedulerType: 'manual', scheduleConfig: {} }),
    await create(),
  ];
  // Started by the version before, which knew them.
  for (const { id } of [gone, unfit, fit]) await actions.start(id);
  expect(await reconcile()).toMatchObject({ ...CLEAN, configsFailed: 3 });
  const stateOf = async (id: number) => (await configs.get(id))?.scheduleStatus;
  expect([await stateOf(gone.id), await stateOf(unfit.id), await stateOf(manual.id), await stateOf(fit.id)]).toEqual([
    'error',
    'error',
    'error',
    'active',
  ]);
  expect((await configs.get(unfit.id))?.scheduleError).toMatch(
    /^Its parameters do not fit TEST_TIMEOUT: sleep_seconds: /,
  );
  expect(await lastEvent(gone.id)).toMatchObject({
    event: 'task_register_failed',
    success: false,
    error: 'Unknown task type REMOVED_TYPE',
  });
  await waitFor(async () => (await gateway.list()).size === 1);
  expect(await reconcile()).toMatchObject(CLEAN);

  const strict = createScheduleCommands({ configs, convergence, findConfigFault });
  expect(await strict.start(unfit.id)).toMatchObject({
    success: false,
    message: expect.stringContaining('do not fit'),
  });
  await configs.update(unfit.id, { parameters: { sleep_seconds: 1 } });
  expect(await strict.start(unfit.id)).toMatchObject({ success: true });
  await configs.update(manual.id, { name: 'mended' });
  await strict.rearm(manual.id);
  expect(await stateOf(manual.id)).toBe('inactive');
});
