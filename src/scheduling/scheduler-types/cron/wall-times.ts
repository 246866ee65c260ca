import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/durations';
import type { CronFields } from './cron-fields';
import type { LocalMs } from './wall-clock';
import type { WallRange } from './zone-changes';

/** The first wall time of the fields in the range, on a clock that never changes; null when it has none. */
export function firstWallTime(fields: CronFields, { fromMs, untilMs }: WallRange): LocalMs | null {
  for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs < untilMs; dayMs += DAY_MS) {
    if (!isDayMatched(fields, new Date(dayMs))) continue;
    const timeMs = firstTimeOfDay(fields, fromMs - dayMs);
    if (timeMs !== undefined) return dayMs + timeMs < untilMs ? dayMs + timeMs : null;
  }
  return null;
}

/** All wall times of the fields in the range, in order. */
export function wallTimes(fields: CronFields, { fromMs, untilMs }: WallRange): LocalMs[] {
  const times: LocalMs[] = [];
  let next = firstWallTime(fields, { fromMs, untilMs });
  while (next !== null) {
    times.push(next);
    next = firstWallTime(fields, { fromMs: next + 1, untilMs });
  }
  return times;
}

function isDayMatched({ month, day, dayOfWeek, isEitherDay }: CronFields, date: Date): boolean {
  if (!month.includes(date.getUTCMonth() + 1)) return false;
  const [isDay, isDayOfWeek] = [day.includes(date.getUTCDate()), dayOfWeek.includes(date.getUTCDay())];
  return isEitherDay ? isDay || isDayOfWeek : isDay && isDayOfWeek;
}

/** Milliseconds after midnight. */
function firstTimeOfDay({ hour, minute }: CronFields, fromMs: number): number | undefined {
  for (const hourMs of hour.map((value) => value * HOUR_MS)) {
    if (hourMs + HOUR_MS <= fromMs) continue;
    const found = minute.find((value) => hourMs + value * MINUTE_MS >= fromMs);
    if (found !== undefined) return hourMs + found * MINUTE_MS;
  }
  return undefined;
}
