import pino from 'pino';
import { createScheduleReconciler, type ScheduleReconcilerDeps } from './reconcile-schedules';
import type { DescribedSchedule } from '../temporal/actual-schedule';
import type { ScheduleStatus, TaskConfig } from '../../storage/configs/task-config';

/** One active config with a date, whose schedule at Temporal will not fire again. */
function createExhausted(schedule: Pick<DescribedSchedule, 'runningRuns' | 'timesFired'> & Partial<DescribedSchedule>) {
  const row = {
    id: 1,
    name: 'once',
    schedulerType: 'date',
    scheduleConfig: { run_date: '2020-01-01T00:00:00Z' },
    scheduleStatus: 'active',
    revision: 3,
  } as unknown as TaskConfig;
  const actual: DescribedSchedule = {
    configId: 1,
    state: 'exhausted',
    isPaused: false,
    note: 'taskloom r3',
    revision: 3,
    rightUntil: null,
    zoneRules: null,
    isForeignPause: false,
    dueAt: null,
    nextRun: null,
    recentRuns: [],
    taskQueue: 'queue',
    skippedOverlap: 0,
    missedCatchup: 0,
    waitingRuns: 0,
    ...schedule,
  };
  const converged: number[] = [];
  const events: object[] = [];
  const deps = {
    configs: {
      get: async () => row,
      listScheduled: async () => [row],
      setScheduleStatus: async (_id: number, status: ScheduleStatus, { error }: { error?: string }) =>
        Object.assign(row, { scheduleStatus: status, scheduleError: error ?? null }),
      addEvents: async (_id: number, added: object[]) => void events.push(...added),
    },
    gateway: { list: async () => new Map([[1, actual]]), describe: async () => actual },
    convergence: { converge: async (id: number) => void converged.push(id) },
    staggers: { widen: async () => [], endPassed: async () => [] },
    log: pino({ level: 'silent' }),
    taskQueue: 'queue',
    graceMs: 0,
    startsPerSecond: 0,
  } as unknown as ScheduleReconcilerDeps;
  return { row, converged, events, reconcile: createScheduleReconciler(deps) };
}

const running = [{ workflowId: 'task-config-1-2020-01-01T00:00:00Z', runId: 'r' }];

test('an exhausted schedule with a run at work is kept, and with it the runs in its buffer', async () => {
  const { row, converged, events, reconcile } = createExhausted({ runningRuns: running, timesFired: 1 });
  expect(await reconcile()).toMatchObject({ schedulesCompleted: 0, schedulesRepaired: 0, schedulesRemoved: 0 });
  expect(row.scheduleStatus).toBe('active');
  expect({ converged, events }).toEqual({ converged: [], events: [] });
});

test('an exhausted schedule ends its config once no run is at work', async () => {
  const { row, converged, events, reconcile } = createExhausted({ runningRuns: [], timesFired: 1 });
  expect(await reconcile()).toMatchObject({ schedulesCompleted: 1 });
  expect(row.scheduleStatus).toBe('inactive');
  expect(converged).toEqual([1]);
  expect(events.at(-1)).toMatchObject({ event: 'task_completed', success: true });
});

const neverFired = { runningRuns: [], timesFired: 0 };
const MISSED = 'its time passed without a run: Temporal was away for longer than the catch-up window';

test.each([
  ['exhausted without a run', {}],
  ['past its only time and the catch-up window', { state: 'active', dueAt: new Date(Date.now() - 700_000) }],
] as const)('a date whose schedule is %s has failed, and says why', async (_case, schedule) => {
  const { row, converged, events, reconcile } = createExhausted({ ...neverFired, ...schedule });
  expect(await reconcile()).toMatchObject({ schedulesCompleted: 1 });
  expect(row).toMatchObject({ scheduleStatus: 'error', scheduleError: MISSED });
  expect(events).toEqual([
    { event: 'status_changed', newStatus: 'error' },
    { event: 'task_completed', taskName: 'once', success: false, error: MISSED },
  ]);
  expect(converged).toEqual([1]);
});

test.each([
  ['within the catch-up window', { dueAt: new Date(Date.now() - 500_000) }],
  ['paused', { dueAt: new Date(0), isPaused: true, isForeignPause: false }],
  ['still to come', { dueAt: new Date(Date.now() + 60_000), nextRun: new Date(Date.now() + 60_000) }],
] as const)('a date that is %s has not failed', async (_case, schedule) => {
  const { row, events, reconcile } = createExhausted({ ...neverFired, state: 'active', ...schedule });
  await reconcile();
  expect(row.scheduleStatus).toBe('active');
  expect(events.filter((event) => 'newStatus' in event)).toEqual([]);
});
