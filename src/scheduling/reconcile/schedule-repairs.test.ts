import pino from 'pino';
import { createScheduleReconciler, type ScheduleReconcilerDeps } from './reconcile-schedules';
import { HOUR_MS } from '../../shared/durations';
import { ScheduleRefusedError, SchedulerUnavailableError } from '../temporal/scheduling-errors';
import type { DescribedSchedule } from '../temporal/actual-schedule';
import type { ScheduleStatus, TaskConfig } from '../../storage/configs/task-config';

const config = (id: number, changes: Partial<TaskConfig> = {}) =>
  ({
    id,
    name: `config ${id}`,
    schedulerType: 'interval',
    scheduleConfig: { hours: 1 },
    scheduleStatus: 'active',
    revision: 3,
    registeredAt: new Date(Date.now() - HOUR_MS),
    updatedAt: new Date(Date.now() - HOUR_MS),
    ...changes,
  }) as unknown as TaskConfig;
const schedule = (changes: Partial<DescribedSchedule> = {}) =>
  ({
    state: 'active',
    isPaused: false,
    revision: 3,
    rightUntil: null,
    zoneRules: null,
    isForeignPause: false,
    dueAt: null,
    nextRun: new Date(Date.now() + HOUR_MS),
    taskQueue: 'queue',
    runningRuns: [],
    timesFired: 1,
    ...changes,
  }) as unknown as DescribedSchedule;

/** A pass over rows and schedules by the id of their config. `described` differs from the list where that is old. */
async function passOver(
  rows: TaskConfig[],
  listed: Record<number, DescribedSchedule>,
  {
    described = listed,
    refusals = {},
    isEdited = false,
  }: { described?: typeof listed; refusals?: Record<number, Error>; isEdited?: boolean } = {},
) {
  const converged: number[] = [];
  const events: unknown[][] = [];
  const statuses: unknown[][] = [];
  const deps = {
    configs: {
      get: async (id: number) => rows.find((row) => row.id === id),
      listScheduled: async () => rows.filter(({ scheduleStatus }) => scheduleStatus !== 'inactive'),
      async setScheduleStatus(id: number, status: ScheduleStatus, { ifRevision }: { ifRevision?: number }) {
        statuses.push([id, status, ifRevision]);
        return isEdited ? undefined : rows.find((row) => row.id === id);
      },
      addEvents: async (id: number, added: { event: string }[]) =>
        void events.push([id, ...added.map(({ event }) => event)]),
    },
    gateway: {
      list: async () => new Map(Object.entries(listed).map(([id, one]) => [Number(id), one])),
      describe: async (id: number) => described[id] ?? null,
    },
    convergence: {
      async converge(id: number) {
        converged.push(id);
        const refusal = statuses.length === 0 ? refusals[id] : undefined;
        if (refusal) throw refusal;
        const row = rows.find((one) => one.id === id);
        return row && { ...row, scheduleStatus: listed[id]?.isForeignPause ? 'paused' : row.scheduleStatus };
      },
    },
    staggers: { widen: async () => [], endPassed: async () => [] },
    log: pino({ level: 'silent' }),
    taskQueue: 'queue',
    graceMs: 60_000,
    startsPerSecond: 0,
  } as unknown as ScheduleReconcilerDeps;
  const counts = await createScheduleReconciler(deps)();
  const repairs = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  return { repairs, converged, events, statuses };
}
const NOTHING = { repairs: {}, converged: [], events: [], statuses: [] };

test('a pass leaves alone what agrees', async () => {
  expect(await passOver([config(1)], { 1: schedule() })).toEqual(NOTHING);
  expect(await passOver([config(1, { scheduleStatus: 'paused' })], { 1: schedule({ isPaused: true }) })).toEqual(
    NOTHING,
  );
});

test.each<[string, ScheduleStatus, DescribedSchedule | undefined]>([
  ['is missing', 'active', undefined],
  ['is missing', 'paused', undefined],
  ['is of an older revision', 'active', schedule({ revision: 2 })],
  ['is paused against the record', 'active', schedule({ isPaused: true })],
  ['runs against the record', 'paused', schedule()],
  ['has ended before an edit that it does not know', 'active', schedule({ state: 'exhausted', revision: 2 })],
  ['has ended while the config is paused', 'paused', schedule({ state: 'exhausted' })],
])('a pass repairs a schedule that %s (%s)', async (_case, scheduleStatus, actual) => {
  const { repairs, converged, events, statuses } = await passOver(
    [config(1, { scheduleStatus })],
    actual ? { 1: actual } : {},
  );
  expect({ repairs, converged, statuses }).toEqual({
    repairs: { schedulesRepaired: 1 },
    converged: [1],
    statuses: [],
  });
  expect(events).toEqual([[1, 'task_repaired']]);
});

test('a pass leaves a schedule that missed one of many times, and ends one that never fires again', async () => {
  const missed = schedule({ dueAt: new Date(Date.now() - 24 * HOUR_MS), nextRun: null });
  expect(await passOver([config(1)], { 1: missed })).toEqual(NOTHING);
  const spent = { 1: schedule({ state: 'exhausted', revision: null, timesFired: 0 }) };
  expect(await passOver([config(1)], spent)).toMatchObject({
    repairs: { schedulesCompleted: 1 },
    converged: [1],
    statuses: [[1, 'inactive', 3]],
  });
  expect(await passOver([config(1)], spent, { isEdited: true })).toEqual({
    ...NOTHING,
    statuses: [[1, 'inactive', 3]],
  });
});

test('a pass adopts a pause that somebody made in Temporal', async () => {
  const paused = schedule({ isPaused: true, isForeignPause: true });
  expect(await passOver([config(1)], { 1: paused })).toEqual({
    ...NOTHING,
    repairs: { pausesAdopted: 1 },
    converged: [1],
  });
});

test('a pass removes the schedule of a config that is gone or inactive, and none of another installation', async () => {
  const inactive = config(2, { scheduleStatus: 'inactive' });
  expect(await passOver([inactive], { 1: schedule(), 2: schedule() })).toMatchObject({
    repairs: { schedulesRemoved: 2 },
    converged: [1, 2],
  });
  expect(await passOver([], { 1: schedule({ taskQueue: 'another' }) })).toEqual(NOTHING);
});

test.each(['registeredAt', 'updatedAt'] as const)(
  'a pass waits for the writer of a row with a fresh %s',
  async (field) => {
    expect(await passOver([config(1, { [field]: new Date(Date.now() - 30_000) })], {})).toEqual(NOTHING);
  },
);

test('a pass does nothing where only its list was old', async () => {
  expect(await passOver([config(1)], {}, { described: { 1: schedule() } })).toEqual(NOTHING);
  expect(await passOver([], { 1: schedule() }, { described: {} })).toEqual(NOTHING);
});

test('a pass goes on when one schedule cannot be repaired, and the next pass tries it again', async () => {
  const { repairs, events, statuses } = await passOver(
    [config(1), config(2)],
    {},
    { refusals: { 1: new Error('no') } },
  );
  expect(repairs).toEqual({ schedulesFailed: 1, schedulesRepaired: 1 });
  expect({ events, statuses }).toEqual({ events: [[2, 'task_repaired']], statuses: [] });
});

test('a pass sets a config whose schedule Temporal refuses to error, unless it was edited meanwhile', async () => {
  const refusals = { 1: new ScheduleRefusedError(new Error('no')) };
  expect(await passOver([config(1)], {}, { refusals })).toEqual({
    repairs: { schedulesFailed: 1 },
    converged: [1, 1],
    events: [[1, 'status_changed', 'task_register_error']],
    statuses: [[1, 'error', 3]],
  });
  expect(await passOver([config(1)], {}, { refusals, isEdited: true })).toMatchObject({ converged: [1], events: [] });
});

test('a pass ends when Temporal is away: no config is at fault', async () => {
  const refusals = { 1: new SchedulerUnavailableError(new Error('away')) };
  await expect(passOver([config(1), config(2)], {}, { refusals })).rejects.toThrow(SchedulerUnavailableError);
});
