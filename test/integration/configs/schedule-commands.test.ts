import { ServiceError } from '@temporalio/client';
import pino from 'pino';
import {
  createScheduleCommands,
  SCHEDULE_COMMANDS,
  type ScheduleCommands,
} from '../../../src/scheduling/temporal/schedule-commands';
import {
  createScheduleConvergence,
  type ScheduleConvergence,
} from '../../../src/scheduling/temporal/schedule-convergence';
import { createScheduleGateway, type ScheduleGateway } from '../../../src/scheduling/temporal/schedule-gateway';
import { createReconciler } from '../../../src/scheduling/reconcile/reconcile-pass';
import {
  ConfigNotFoundError,
  ScheduleRefusedError,
  SchedulerUnavailableError,
} from '../../../src/scheduling/temporal/scheduling-errors';
import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import {
  createTaskConfigRepository,
  type NewTaskConfig,
  type TaskConfigRepository,
} from '../../../src/storage/configs/task-config-repository';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import { waitFor } from '../../support/process';
import type { TemporalConnection } from '../../../src/platform/temporal';

let db: TestDatabase;
let temporal: TemporalConnection;
let configs: TaskConfigRepository;
let gateway: ScheduleGateway;
let convergence: ScheduleConvergence;
let actions: ScheduleCommands;

beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  configs = createTaskConfigRepository(db.database);
  gateway = createScheduleGateway({ client: temporal.client.schedule, taskQueue: 'nobody-serves-this' });
  convergence = createScheduleConvergence({ configs, gateway });
  actions = createScheduleCommands({
    configs,
    convergence,
    findConfigFault: (taskType) => (taskType === 'GONE' ? 'Unknown task type GONE' : null),
  });
});
afterAll(async () => {
  await temporal?.close();
  await db?.drop();
});
beforeEach(async () => {
  for (const id of (await gateway.list()).keys()) await gateway.remove(id);
  await db.database.raw('truncate task_configs cascade');
});

const create = (overrides: Partial<NewTaskConfig> = {}) =>
  configs.create({
    name: 'Hourly health',
    description: null,
    taskType: 'HEALTH_CHECK',
    schedulerType: 'cron',
    parameters: {},
    scheduleConfig: { cron_expression: '0 * * * *' },
    maxRetries: 0,
    timeoutSeconds: null,
    priority: 5,
    ...overrides,
  });
const createActive = async (overrides: Partial<NewTaskConfig> = {}) => {
  const config = await create(overrides);
  expect(await actions.start(config.id)).toMatchObject({ success: true });
  return config;
};
const statusOf = async (id: number) => (await configs.get(id))?.scheduleStatus;
const eventsOf = async (id: number) =>
  (await configs.listEvents(id, 50))
    .map((event) => (event.newStatus ? `${event.event}=${event.newStatus}` : event.event))
    .reverse();
/** Another pass of the reconciler, at once. */
const reconcile = () =>
  createReconciler({
    findConfigFault: () => null,
    configs,
    executions: createExecutionRepository(db.database),
    gateway,
    convergence,
    workflowClient: temporal.client.workflow,
    taskQueue: 'nobody-serves-this',
    log: pino({ level: 'silent' }),
    graceMs: 0,
  }).run();

/** PostgreSQL and Temporal say the same. */
async function expectTogether(id: number): Promise<void> {
  const [row, schedule] = [await configs.get(id), await gateway.describe(id)];
  const state = row && ['active', 'paused'].includes(row.scheduleStatus) ? row.scheduleStatus : undefined;
  expect(schedule?.state).toBe(state);
  if (state) expect(schedule?.revision).toBe(row?.revision);
}

test('a started config is a Temporal schedule that starts readable runs', async () => {
  const config = await createActive({
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
  const description = await temporal.client.schedule.getHandle(`task-config-${config.id}`).describe();
  expect(description.policies).toEqual({ overlap: 'BUFFER_ONE', catchupWindow: 60_000, pauseOnFailure: true });
  expect(description.spec).toMatchObject({ timezone: 'Europe/Berlin', jitter: 2_000 });
  expect(description.state).toMatchObject({ paused: false, note: `taskloom r${config.revision + 1}` });
  expect(description.action).toMatchObject({
    workflowType: 'runTask',
    workflowId: `task-config-${config.id}`,
    args: [{ configId: config.id, triggeredBy: 'schedule' }],
    memo: { configName: config.name, taskType: 'HEALTH_CHECK' },
    priority: { priorityKey: 1 },
  });

  await temporal.client.schedule.getHandle(`task-config-${config.id}`).trigger();
  const run = await waitFor(async () => {
    for await (const found of temporal.client.workflow.list({
      query: `TaskConfigId = ${config.id} AND TaskType = 'HEALTH_CHECK' AND TriggeredBy = 'schedule'`,
    }))
      return found;
    return undefined;
  });
  const handle = temporal.client.workflow.getHandle(run.workflowId);
  expect((await handle.describe()).priority).toMatchObject({ priorityKey: 1 });
  expect(await (await handle.describe()).staticSummary()).toMatch(/^HEALTH_CHECK · (🙂)+$/u);
  await handle.terminate();
});

test('the listed next run is Temporal’s own', async () => {
  const [hourly, never] = [
    await createActive(),
    await createActive({ schedulerType: 'interval', scheduleConfig: { hours: 2 } }),
  ];
  await actions.pause(never.id);
  const schedule = await temporal.client.schedule.getHandle(`task-config-${hourly.id}`).describe();
  expect((await gateway.describe(hourly.id))?.nextRun).toEqual(schedule.info.nextActionTimes[0]);
  const listed = await waitFor(async () => {
    const found = await gateway.list([hourly.id, never.id, 4_711]);
    return found.get(never.id)?.state === 'paused' ? found : undefined;
  });
  expect([...listed.keys()].sort()).toEqual([hourly.id, never.id].sort());
  expect(listed.get(hourly.id)).toMatchObject({ state: 'active', nextRun: schedule.info.nextActionTimes[0] });
  expect(listed.get(never.id)?.nextRun).toBeNull();
});

test('start, pause, resume, stop: states, schedule and events', async () => {
  const { id } = await create();
  expect(await actions.resume(id)).toEqual({
    success: false,
    message: expect.stringContaining('inactive'),
    config_id: id,
  });
  expect(await actions.pause(id)).toEqual({
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
    expect([action, (await actions[action](id)).success]).toEqual([action, true]);
    expect(await statusOf(id)).toBe(state);
    await expectTogether(id);
  }
  const paused = ['status_changed=paused', 'task_paused'];
  const started = ['status_changed=active', 'task_registered'];
  const stopped = ['status_changed=inactive', 'task_unregistered'];
  expect(await eventsOf(id)).toEqual([
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
  await expect(Promise.all(SCHEDULE_COMMANDS.map((action) => actions[action](4_711)))).rejects.toThrow(
    ConfigNotFoundError,
  );
});

test('what cannot be armed is refused with the reason', async () => {
  const manual = await create({ schedulerType: 'manual', scheduleConfig: {} });
  expect(await actions.start(manual.id)).toMatchObject({ success: false, message: expect.stringContaining('manual') });
  expect(await statusOf(manual.id)).toBe('inactive');

  const date = await create({ schedulerType: 'date', scheduleConfig: { run_date: '2020-01-01T00:00' } });
  const ended = await create({ scheduleConfig: { cron_expression: '0 * * * *', end_at: '2020-01-01T00:00' } });
  for (const [{ id }, time] of [
    [date, 'its date, 2020-01-01T00:00:00.000Z,'],
    [ended, 'its end, 2020-01-01T00:00:00.000Z,'],
  ] as const) {
    expect(await actions.start(id)).toMatchObject({
      success: false,
      message: expect.stringContaining(`${time} lies in the past`),
    });
    expect(await configs.get(id)).toMatchObject({ scheduleStatus: 'inactive', scheduleError: null });
    expect(await eventsOf(id)).toEqual([]);
    await expectTogether(id);
  }

  const gone = await create({ taskType: 'GONE' });
  expect(await actions.start(gone.id)).toMatchObject({ success: false });
  expect(await configs.get(gone.id)).toMatchObject({
    scheduleStatus: 'error',
    scheduleError: expect.stringContaining('Unknown task type'),
  });
  expect(await eventsOf(gone.id)).toEqual(['status_changed=error', 'task_register_failed']);
  await expectTogether(gone.id);
});

test('an edited config is re-armed, a deleted one disarmed', async () => {
  const { id } = await createActive();
  await configs.update(id, { scheduleConfig: { cron_expression: '30 4 * * *' }, name: 'Nightly' });
  expect(await actions.rearm(id)).toMatchObject({ success: true });
  expect((await gateway.describe(id))?.nextRun?.toISOString()).toMatch(/T04:30:00.000Z$/);
  await configs.remove(id);
  expect(await convergence.converge(id)).toBeUndefined();
  expect(await gateway.describe(id)).toBeNull();
});

/** As another process of the API would act: it does not wait for the turns of this one. */
const anotherProcess = () => createScheduleCommands({ configs, convergence });

test('twenty actions and edits of two processes at once leave both stores saying the same', async () => {
  const processes = [actions, anotherProcess()];
  for (let round = 0; round < 8; round += 1) {
    const { id } = await create();
    const work = [...SCHEDULE_COMMANDS, 'edit', 'edit', 'remove'] as const;
    const done = await Promise.allSettled(
      Array.from({ length: 20 }, () => work[Math.floor(Math.random() * work.length)] ?? 'edit').map(async (what, n) => {
        const side = processes[n % 2] ?? actions;
        if (what !== 'edit') return side[what](id);
        await configs.update(id, { scheduleConfig: { cron_expression: `${n} 5 * * *` }, name: `edit ${n}` });
        return side.rearm(id);
      }),
    );
    expect(done.filter((one) => one.status === 'rejected')).toEqual([]);
    const failed = done.flatMap((one) =>
      one.status === 'fulfilled' && /could not/.test(one.value.message) ? [one.value.message] : [],
    );
    expect(failed).toEqual([]);
    await expectTogether(id);
  }
});

test('many actions on few schedules all succeed, one after another', async () => {
  const ids = await Promise.all(Array.from({ length: 6 }, async () => (await create()).id));
  const results = await Promise.all(
    Array.from({ length: 120 }, (_, n) => actions[n % 4 < 2 ? 'start' : 'stop'](ids[n % 6] ?? 0)),
  );
  expect(results.filter((result) => !result.success)).toEqual([]);
  for (const id of ids) {
    expect(await statusOf(id)).not.toBe('error');
    await expectTogether(id);
  }
});

describe('a schedule that others create or delete at the same moment', () => {
  /** The first so many updates meet a schedule that is closing, as a busy server says it. */
  function contended(times: number): ScheduleGateway {
    const cause = Object.assign(new Error('closed'), {
      code: 9,
      details: 'Workflow execution closed before WorkflowTaskStarted event',
      metadata: {},
    });
    const client = Object.create(temporal.client.schedule) as typeof temporal.client.schedule;
    client.getHandle = (scheduleId) => {
      const handle = temporal.client.schedule.getHandle(scheduleId);
      return {
        ...handle,
        update: (change) =>
          times-- > 0
            ? Promise.reject(new ServiceError('Failed to describe schedule', { cause }))
            : handle.update(change),
      };
    };
    return createScheduleGateway({ client, taskQueue: 'nobody-serves-this' });
  }
  const startWith = (schedules: ScheduleGateway, id: number) =>
    createScheduleCommands({ configs, convergence: createScheduleConvergence({ configs, gateway: schedules }) }).start(
      id,
    );

  test('is tried again', async () => {
    const { id } = await create();
    expect(await startWith(contended(3), id)).toMatchObject({ success: true });
    await expectTogether(id);
  });

  test('is no outage, and the desired state stays', async () => {
    const { id } = await create();
    expect(await startWith(contended(Infinity), id)).toMatchObject({
      success: false,
      message: expect.stringContaining('others keep changing this schedule'),
    });
    expect(await configs.get(id)).toMatchObject({ scheduleStatus: 'active', scheduleError: null });
    await waitFor(async () => (await reconcile()).schedulesRepaired === 1);
    await expectTogether(id);
  });
});

test('what Temporal refuses of an edit ends in error at once, and says why', async () => {
  const { id } = await createActive();
  const refusing: Pick<ScheduleGateway, 'apply' | 'remove'> = {
    ...gateway,
    apply: (config) =>
      config.scheduleStatus === 'active'
        ? Promise.reject(new ScheduleRefusedError(new TypeError('invalid calendar')))
        : gateway.apply(config),
  };
  await configs.update(id, { scheduleConfig: { cron_expression: '0 21 * * *' } });
  expect(
    await createScheduleCommands({
      configs,
      convergence: createScheduleConvergence({ configs, gateway: refusing }),
    }).rearm(id),
  ).toMatchObject({ success: false, message: expect.stringContaining('invalid calendar') });
  expect(await configs.get(id)).toMatchObject({
    scheduleStatus: 'error',
    scheduleError: expect.stringContaining('invalid calendar'),
  });
  await expectTogether(id);
});

test.each(['active', 'paused'] as const)(
  'a start of a config that is %s outlives a pause from before it, whoever brings it to Temporal',
  async (status) => {
    const { id } = await createActive();
    if (status === 'paused') await actions.pause(id);
    await temporal.client.schedule.getHandle(`task-config-${id}`).pause('by hand');
    // Written by the start, and not yet followed by its process.
    await configs.setScheduleStatus(id, 'active');
    await waitFor(async () => (await reconcile()).schedulesRepaired === 1);
    expect(await statusOf(id)).toBe('active');
    await expectTogether(id);
  },
);

test('a pause in the Web UI is adopted, with its reason; a person’s start ends it', async () => {
  const { id } = await createActive();
  const outside = temporal.client.schedule.getHandle(`task-config-${id}`);
  await outside.pause('maintenance of the moon');
  expect(await actions.reload(id)).toMatchObject({ success: true, message: expect.stringContaining('paused') });
  expect(await configs.get(id)).toMatchObject({
    scheduleStatus: 'paused',
    scheduleError: 'paused in Temporal: maintenance of the moon',
  });
  await expectTogether(id);

  expect(await actions.start(id)).toMatchObject({ success: true });
  await outside.pause('again');
  expect(await actions.start(id)).toMatchObject({ success: true });
  expect(await statusOf(id)).toBe('active');
  await expectTogether(id);

  await outside.pause('and again');
  await waitFor(async () => (await reconcile()).pausesAdopted === 1);
  expect(await statusOf(id)).toBe('paused');
  await expectTogether(id);
  expect((await configs.listEvents(id, 1))[0]).toMatchObject({
    event: 'task_paused',
    error: 'paused in Temporal: and again',
  });

  await outside.unpause();
  await waitFor(async () => (await reconcile()).schedulesRepaired === 1);
  await expectTogether(id);
  expect(await statusOf(id)).toBe('paused');
});

test('Temporal away: every action says so, and is made good later', async () => {
  const cause = new Error('connection refused');
  const away = createScheduleGateway({ client: temporal.client.schedule, taskQueue: 'none', timeoutMs: 1 });
  await expect(away.describe(1)).rejects.toThrow(SchedulerUnavailableError);
  const dead = {
    apply: () => Promise.reject(new SchedulerUnavailableError(cause)),
    remove: () => Promise.reject(new SchedulerUnavailableError(cause)),
  };
  const withoutTemporal = createScheduleCommands({
    configs,
    convergence: createScheduleConvergence({ configs, gateway: dead }),
  });

  const fresh = await create();
  expect(await withoutTemporal.start(fresh.id)).toMatchObject({
    success: false,
    message: expect.stringContaining('connection refused'),
  });
  expect(await configs.get(fresh.id)).toMatchObject({ scheduleStatus: 'active', scheduleError: null });
  expect((await eventsOf(fresh.id)).slice(-2)).toEqual(['status_changed=active', 'task_register_error']);
  await waitFor(async () => (await reconcile()).schedulesRepaired === 1);
  await expectTogether(fresh.id);

  const armed = await createActive();
  expect(await withoutTemporal.start(armed.id)).toMatchObject({ success: false });
  expect(await statusOf(armed.id)).toBe('active');
  expect(await withoutTemporal.pause(armed.id)).toMatchObject({ success: false });
  expect((await eventsOf(armed.id)).slice(-2)).toEqual(['status_changed=paused', 'task_pause_error']);
  await waitFor(async () => (await reconcile()).schedulesRepaired === 1);
  await expectTogether(armed.id);
  expect(await withoutTemporal.stop(armed.id)).toMatchObject({ success: false });
  expect((await eventsOf(armed.id)).slice(-2)).toEqual(['status_changed=inactive', 'task_unregister_error']);
  await waitFor(async () => (await reconcile()).schedulesRemoved === 1);
  await expectTogether(armed.id);
});

test('the reconcile schedule is made once, and stays paused when an operator paused it', async () => {
  await gateway.ensureReconcileSchedule();
  const handle = temporal.client.schedule.getHandle('taskloom-reconcile');
  await handle.pause('not now');
  await gateway.ensureReconcileSchedule();
  const description = await handle.describe();
  expect(description).toMatchObject({
    state: { paused: true, note: 'not now' },
    action: { workflowType: 'reconcile', args: [] },
    policies: { overlap: 'SKIP', catchupWindow: 60_000 },
    spec: { intervals: [{ every: 60_000 }] },
  });
  expect((await gateway.list()).size).toBe(0);
  await handle.delete();
});
