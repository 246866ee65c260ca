import { ScheduleOverlapPolicy, type ScheduleSpec } from '@temporalio/client';
import { delaySecondsOf } from '../schedule/fire-times';
import { typeOf } from '../scheduler-types/registry';
import type { OverlapPolicy } from '../config-fields/common-options';
import type { Schedule } from '../scheduler-types/scheduler-type';

const POLICIES: Record<OverlapPolicy, ScheduleOverlapPolicy> = {
  skip: ScheduleOverlapPolicy.SKIP,
  buffer_one: ScheduleOverlapPolicy.BUFFER_ONE,
  buffer_all: ScheduleOverlapPolicy.BUFFER_ALL,
  cancel_other: ScheduleOverlapPolicy.CANCEL_OTHER,
  terminate_other: ScheduleOverlapPolicy.TERMINATE_OTHER,
  allow_all: ScheduleOverlapPolicy.ALLOW_ALL,
};

export interface TemporalSpec {
  spec: ScheduleSpec;
  policies: { overlap: ScheduleOverlapPolicy; catchupWindow: number; pauseOnFailure: boolean };
  /** How often the schedule may fire; undefined means without limit. */
  remainingActions: number | undefined;
  /** Until when the times are right; undefined means for good. */
  rightUntil: Date | undefined;
}

/**
 * Times (from `now` on) and policies of a schedule in Temporal's form; null for a schedule that never fires by itself.
 * Its runs start up to `staggerSeconds` late. Temporal delays each by some part of that, evenly distributed.
 */
export function toTemporalSpec(
  schedule: Schedule,
  { now, staggerSeconds = 0 }: { now: Date; staggerSeconds?: number },
): TemporalSpec | null {
  const times = typeOf(schedule).toTemporal(schedule, now);
  if (!times) return null;
  const { remainingActions, rightUntil, ...spec } = times;
  return {
    spec: {
      ...spec,
      startAt: schedule.startAt ?? undefined,
      endAt: schedule.endAt ?? undefined,
      jitter: delaySecondsOf(schedule, staggerSeconds) * 1000,
    },
    policies: {
      overlap: POLICIES[schedule.overlap],
      catchupWindow: schedule.catchupWindowSeconds * 1000,
      pauseOnFailure: schedule.isPausedOnFailure,
    },
    remainingActions,
    rightUntil,
  };
}
