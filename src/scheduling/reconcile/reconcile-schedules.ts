import { createRenewalReconciler } from './reconcile-renewals';
import { createStaggerReconciler, type StaggerReconcilerDeps } from './reconcile-stagger';
import { SECOND_MS } from '../../shared/durations';
import { tryParse } from '../schedule/schedule-config';
import { findSchedulerType } from '../scheduler-types/registry';
import { recordEnd } from '../temporal/schedule-end';
import { isRefusal, SchedulerUnavailableError } from '../temporal/scheduling-errors';
import type { ActualSchedule, DescribedSchedule } from '../temporal/actual-schedule';
import type { ScheduleGateway } from '../temporal/schedule-gateway';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';

export interface ScheduleRepairs {
  schedulesRemoved: number;
  schedulesRepaired: number;
  pausesAdopted: number;
  schedulesCompleted: number;
  schedulesFailed: number;
  schedulesStaggered: number;
  schedulesRenewed: number;
}

export interface ScheduleReconcilerDeps extends StaggerReconcilerDeps {
  configs: TaskConfigRepository;
  gateway: Pick<ScheduleGateway, 'list' | 'describe'>;
  /** Schedules of other task queues belong to other installations in the namespace, and are left alone. */
  taskQueue: string;
  /** A row written more recently than this is skipped, because its writer may still be applying it. */
  graceMs: number;
}

type Difference = 'missing' | 'foreign pause' | 'exhausted' | 'missed' | 'revision' | 'pause';

const MISSED = 'its time passed without a run: Temporal was away for longer than the catch-up window';
/** A run may begin so much after the end of its catch-up window. */
const LATENESS_MS = 10_000;

/** Whether the only time of the schedule has passed, and Temporal starts no run for it any more. */
function isMissed({ schedulerType, scheduleConfig }: TaskConfig, { dueAt, nextRun }: ActualSchedule): boolean {
  if (!dueAt || nextRun || findSchedulerType(schedulerType)?.fires !== 'once') return false;
  const schedule = tryParse(schedulerType, scheduleConfig);
  if (!schedule) return false;
  return Date.now() > dueAt.getTime() + schedule.catchupWindowSeconds * SECOND_MS + LATENESS_MS;
}

/** Why an active config's schedule fires no more; null while it may, or while it does not follow the row yet. */
function findEnd(row: TaskConfig, actual: ActualSchedule): 'exhausted' | 'missed' | null {
  // With another revision, the schedule is out of date: an edit that is not applied yet may give it a new date.
  const isCurrent = actual.revision === row.revision || actual.revision === null;
  if (row.scheduleStatus !== 'active' || !isCurrent) return null;
  if (actual.state === 'exhausted') return 'exhausted';
  return !actual.isPaused && isMissed(row, actual) ? 'missed' : null;
}

function findDifference(row: TaskConfig, actual: ActualSchedule | null | undefined): Difference | null {
  if (!actual) return 'missing';
  const isActive = row.scheduleStatus === 'active';
  const end = findEnd(row, actual);
  if (end) return end;
  if (isActive && actual.isForeignPause) return 'foreign pause';
  if (actual.revision !== row.revision) return 'revision';
  return actual.isPaused === isActive ? 'pause' : null;
}

const REASONS: Record<Exclude<Difference, 'exhausted' | 'missed'>, string> = {
  missing: 'the schedule was missing in Temporal',
  revision: 'the schedule in Temporal was not up to date',
  'foreign pause': 'the schedule in Temporal was still paused although the config had been started since',
  pause: 'the schedule in Temporal was paused or running against the record',
};

const isScheduled = ({ scheduleStatus }: TaskConfig) => scheduleStatus === 'active' || scheduleStatus === 'paused';

/** Compares all schedules with all configs by one list of each, and examines only the differences. */
export function createScheduleReconciler({
  configs,
  gateway,
  convergence,
  log,
  taskQueue,
  graceMs,
  staggers,
  startsPerSecond,
}: ScheduleReconcilerDeps) {
  const reconcileStagger = createStaggerReconciler({ staggers, convergence, log, startsPerSecond });
  const reconcileRenewals = createRenewalReconciler({ convergence, log });
  const isFresh = (row: TaskConfig) =>
    [row.registeredAt, row.updatedAt].some((time) => time && Date.now() - time.getTime() < graceMs);

  /** Ends a config whose schedule never fires again. One whose only run was missed has failed. */
  async function complete(row: TaskConfig, schedule: DescribedSchedule): Promise<boolean> {
    const hasRun = schedule.timesFired > 0;
    const hasFailed = !hasRun && findSchedulerType(row.schedulerType)?.fires === 'once';
    if (!(await recordEnd(configs, row, { hasRun, failed: hasFailed ? MISSED : undefined }))) return false;
    await convergence.converge(row.id);
    return true;
  }

  /**
   * Sets the config to `error`, because its repair would fail again in every pass. A config that was edited since `row`
   * was read keeps its status: the edit may have corrected it.
   */
  async function giveUp(row: TaskConfig, error: Error): Promise<void> {
    const failed = await configs.setScheduleStatus(row.id, 'error', {
      from: ['active', 'paused'],
      ifRevision: row.revision,
      error: error.message,
    });
    if (!failed) return;
    await configs.addEvents(row.id, [
      { event: 'status_changed', newStatus: 'error' },
      { event: 'task_register_error', taskName: failed.name, success: false, error: error.message },
    ]);
    await convergence.converge(row.id);
  }

  /** Reads the schedule again, because the lists may be outdated. Repairs the difference and returns its counter. */
  async function repair(configId: number, row: TaskConfig | undefined): Promise<keyof ScheduleRepairs | null> {
    const schedule = await gateway.describe(configId);
    if (schedule && schedule.taskQueue !== taskQueue) {
      log.warn({ configId, taskQueue: schedule.taskQueue }, 'a schedule of another task queue was left alone');
      return null;
    }
    if (!row || !isScheduled(row)) {
      if (!schedule) return null;
      await convergence.converge(configId);
      return 'schedulesRemoved';
    }
    return followRow(row, schedule);
  }

  /** Applies the row to its schedule, or adopts the schedule's end or foreign pause into the row. */
  async function followRow(row: TaskConfig, schedule: DescribedSchedule | null): Promise<keyof ScheduleRepairs | null> {
    const difference = findDifference(row, schedule);
    if (difference === null) return null;
    if (difference === 'exhausted' || difference === 'missed') {
      // Removing the schedule would lose buffered runs.
      const isIdle = schedule?.runningRuns.length === 0;
      return isIdle && (await complete(row, schedule)) ? 'schedulesCompleted' : null;
    }
    const settled = await convergence.converge(row.id);
    if (difference === 'foreign pause' && settled?.scheduleStatus === 'paused') return 'pausesAdopted';
    await configs.addEvents(row.id, [
      { event: 'task_repaired', taskName: row.name, success: true, error: REASONS[difference] },
    ]);
    return 'schedulesRepaired';
  }

  return async function reconcileSchedules(): Promise<ScheduleRepairs> {
    const repairs: ScheduleRepairs = {
      schedulesRemoved: 0,
      schedulesRepaired: 0,
      pausesAdopted: 0,
      schedulesCompleted: 0,
      schedulesFailed: 0,
      schedulesStaggered: 0,
      schedulesRenewed: 0,
    };
    const schedules = await gateway.list();
    const rows = await configs.listScheduled();
    const scheduled = new Set(rows.map((row) => row.id));
    const suspects = [
      ...rows.filter((row) => findDifference(row, schedules.get(row.id)) && !isFresh(row)).map((row) => row.id),
      ...[...schedules.keys()].filter((id) => !scheduled.has(id)),
    ];
    for (const configId of suspects) {
      let row: TaskConfig | undefined;
      try {
        // The row is read before the schedule, so that it is never newer.
        row = await configs.get(configId);
        const done = await repair(configId, row);
        if (!done) continue;
        repairs[done] += 1;
        log.warn({ configId, done }, 'a schedule and its config differed');
      } catch (error) {
        if (error instanceof SchedulerUnavailableError) throw error;
        repairs.schedulesFailed += 1;
        log.error({ configId, err: error }, 'a schedule could not be repaired');
        if (row && isRefusal(error)) await giveUp(row, error);
      }
    }
    return {
      ...repairs,
      ...(await reconcileRenewals(rows, schedules)),
      ...(await reconcileStagger(rows, schedules)),
    };
  };
}
