import { SECOND_MS } from '../../shared/durations';
import { LAST_YEAR } from '../config-fields/instant';
import { typeOf } from '../scheduler-types/registry';
import type { Schedule } from '../scheduler-types/scheduler-type';

const END_MS = Date.UTC(LAST_YEAR + 1, 0, 1);

/** The fire times after `after`, in order and before any jitter. They end with `end_at`, or with the year 2100. */
function* fireTimes(schedule: Schedule, after: Date): Generator<Date, void> {
  const type = typeOf(schedule);
  const endMs = Math.min(schedule.endAt?.getTime() ?? Infinity, END_MS - 1);
  // A run at the very second of `start_at` counts.
  let afterMs = Math.max(after.getTime(), (schedule.startAt?.getTime() ?? -Infinity) - SECOND_MS);
  for (;;) {
    const nextMs = type.nextFireMs(schedule, afterMs);
    if (nextMs === null || nextMs > endMs) return;
    yield new Date(nextMs);
    afterMs = nextMs;
  }
}

/** The most by which runs start after their fire time: the jitter, or the stagger if that is longer. */
export const delaySecondsOf = ({ jitterSeconds, isStaggered }: Schedule, staggerSeconds: number): number =>
  Math.max(jitterSeconds, isStaggered ? staggerSeconds : 0);

/** The next `count` fire times, or all if there are fewer. */
export function nextFireTimes(schedule: Schedule, after: Date, count: number): Date[] {
  const times: Date[] = [];
  for (const time of fireTimes(schedule, after)) {
    times.push(time);
    if (times.length >= count) break;
  }
  return times;
}
