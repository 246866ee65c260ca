import { DateTime } from 'luxon';
import { DAY_MS, HOUR_MS } from '../../../shared/durations';
import { nextCronMs } from './cron-search';
import { LuxonZone } from '../../../time-zones/luxon-zone';
import { wallClockOf, type WallClock } from './wall-clock';
import type { CronFields } from './cron-fields';
import type { PreviewWarning } from '../preview-warning';
import type { Schedule } from '../scheduler-type';

const YEAR_DAYS = 366;
/** No clock change moves the clocks by more than this, and the server looks an hour back. */
const REACH_MS = 3 * HOUR_MS;

type CronTimes = Pick<Schedule, 'timezone' | 'startAt' | 'endAt'> & { fields: CronFields };

/** The next clock change that removes a run, and the next one that adds a run, within a year. */
export function findClockWarnings(schedule: CronTimes, now: Date): PreviewWarning[] {
  // A schedule that fires in every hour keeps its rhythm when an hour is skipped or repeated.
  if (schedule.fields.hour.length === 24) return [];
  const found = new Map<PreviewWarning['code'], PreviewWarning>();
  for (const changeMs of clockChanges(wallClockOf(schedule.timezone), now.getTime())) {
    if (!isInWindow(schedule, changeMs)) continue;
    const warning = compareWithClock(schedule, changeMs);
    if (warning && !found.has(warning.code)) found.set(warning.code, warning);
  }
  return [...found.values()];
}

const isInWindow = ({ startAt, endAt }: CronTimes, instantMs: number) =>
  (!startAt || instantMs >= startAt.getTime()) && (!endAt || instantMs <= endAt.getTime());

/** The instants, to the second, at which the zone's offset changes. */
function* clockChanges(clock: WallClock, fromMs: number): Generator<number> {
  const offsetAt = (instantMs: number) => clock.toLocal(instantMs) - instantMs;
  for (let day = 0; day < YEAR_DAYS; day += 1) {
    let [before, after] = [fromMs + day * DAY_MS, fromMs + (day + 1) * DAY_MS];
    if (offsetAt(before) === offsetAt(after)) continue;
    while (after - before > 1000) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(middle) === offsetAt(before)) before = middle;
      else after = middle;
    }
    yield Math.floor(after / 1000) * 1000;
  }
}

/** Compares what the server fires around the change with what the cron fields promise to readers of a clock. */
function compareWithClock({ fields, timezone }: CronTimes, changeMs: number): PreviewWarning | undefined {
  const clock = wallClockOf(timezone);
  const [fromMs, untilMs] = [changeMs - REACH_MS, changeMs + REACH_MS];
  const fired = fireTimesBetween(fields, timezone, fromMs, untilMs);
  const promised = fireTimesBetween(fields, 'UTC', clock.toLocal(fromMs), clock.toLocal(untilMs));
  if (fired.length === promised.length) return undefined;

  const day = localIso(changeMs, timezone).slice(0, 10);
  if (fired.length < promised.length) {
    const shown = new Set(fired.map((ms) => clock.toLocal(ms)));
    const missing = promised.filter((ms) => !shown.has(ms)).map((ms) => new Date(ms).toISOString().slice(11, 16));
    return {
      code: 'dst_gap',
      message:
        `On ${day} the clocks in ${timezone} go forward: ` +
        `${missing.join(', ')} does not exist, and that run is skipped.`,
    };
  }
  const times = fired.map((ms) => localIso(ms, timezone)).join(', ');
  return {
    code: 'dst_double',
    message:
      `On ${day} the clocks in ${timezone} go back: ` +
      `it fires ${fired.length} times instead of ${promised.length}, at ${times}.`,
  };
}

const localIso = (ms: number, timezone: string) =>
  DateTime.fromMillis(ms, { zone: new LuxonZone(timezone) }).toISO({
    suppressSeconds: true,
    suppressMilliseconds: true,
  }) ?? '';

function fireTimesBetween(fields: CronFields, timezone: string, afterMs: number, untilMs: number): number[] {
  const times: number[] = [];
  let next = nextCronMs(fields, timezone, afterMs);
  while (next !== null && next <= untilMs) {
    times.push(next);
    next = nextCronMs(fields, timezone, next);
  }
  return times;
}
