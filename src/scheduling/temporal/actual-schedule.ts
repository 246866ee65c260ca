import { isForeignNote, readNote } from './schedule-note';
import type { ScheduleDescription, ScheduleSummary } from '@temporalio/client';

/** A Temporal schedule as a list shows it, a moment late. */
export interface ActualSchedule {
  configId: number;
  /** `exhausted`: it will never fire again, paused or not. */
  state: 'active' | 'paused' | 'exhausted';
  isPaused: boolean;
  note: string | null;
  /** The revision of the config that it was made from; null when the note is not Taskloom's. */
  revision: number | null;
  /** Until when its times are right, and by which release of the time zone database; null for good, or unknown. */
  rightUntil: Date | null;
  zoneRules: string | null;
  /** Paused, and not by us: in the Web UI, or by pause_on_failure. */
  isForeignPause: boolean;
  /** The first of Temporal's times, which may have passed without a run; null when it never fires again. */
  dueAt: Date | null;
  /** Temporal's own next time that is still to come; null while paused. */
  nextRun: Date | null;
  /** Newest last. */
  recentRuns: { workflowId: string; runId: string; scheduledAt: Date; takenAt: Date }[];
}

export interface DescribedSchedule extends ActualSchedule {
  runningRuns: { workflowId: string; runId: string }[];
  taskQueue: string;
  timesFired: number;
  skippedOverlap: number;
  missedCatchup: number;
  /** Due runs that wait for the one at work to end. */
  waitingRuns: number;
}

export const isForeignPause = (state: { paused: boolean; note?: string }) => state.paused && isForeignNote(state.note);

function stateOf(isPaused: boolean, dueAt: Date | null): ActualSchedule['state'] {
  if (dueAt === null) return 'exhausted';
  return isPaused ? 'paused' : 'active';
}

/** After an outage, Temporal's list of next times begins with one that was missed. */
export function toActual(
  configId: number,
  schedule: ScheduleSummary | ScheduleDescription,
  now = new Date(),
): ActualSchedule {
  const times = schedule.info.nextActionTimes;
  const [dueAt = null] = times;
  const { paused, note } = schedule.state;
  const { revision = null, rightUntil = null, zoneRules = null } = readNote(note) ?? {};
  return {
    configId,
    state: stateOf(paused, dueAt),
    isPaused: paused,
    note: note ?? null,
    revision,
    rightUntil,
    zoneRules,
    isForeignPause: isForeignPause(schedule.state),
    dueAt,
    nextRun: paused ? null : (times.find((time) => time > now) ?? null),
    recentRuns: schedule.info.recentActions.map(({ action, scheduledAt, takenAt }) => ({
      workflowId: action.workflow.workflowId,
      runId: action.workflow.firstExecutionRunId,
      scheduledAt,
      takenAt,
    })),
  };
}

/** The SDK leaves it out of what it translates. */
export const countWaiting = ({ raw }: ScheduleDescription) => Number(raw.info?.bufferSize ?? 0);

export function toDescribed(configId: number, schedule: ScheduleDescription): DescribedSchedule {
  return {
    ...toActual(configId, schedule),
    runningRuns: schedule.info.runningActions.map(({ workflow }) => ({
      workflowId: workflow.workflowId,
      runId: workflow.firstExecutionRunId,
    })),
    taskQueue: schedule.action.taskQueue,
    timesFired: schedule.info.numActionsTaken,
    skippedOverlap: schedule.info.numActionsSkippedOverlap,
    missedCatchup: schedule.info.numActionsMissedCatchupWindow,
    waitingRuns: countWaiting(schedule),
  };
}
