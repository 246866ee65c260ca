import { DateTime } from 'luxon';
import { clockOf, fireTimes, type Clock } from './schedule-times';
import { DAY_MS, HOUR_MS } from '../../shared/durations';
import type { PreviewWarning } from './schedule-preview';
import type { CronSchedule, Schedule } from './schedule';

const YEAR_DAYS = 366;
/** No clock change moves more than this, and the server looks an hour back. */
const REACH_MS = 3 * HOUR_MS;

/** The next change of the clocks that takes a run away, and the next that adds one, within a year. */
export function findClockWarnings(schedule: Schedule, now: Date): PreviewWarning[] {
  // Every hour of the clock: neither a missing nor a doubled one changes the rhythm.
  if (schedule.type !== 'cron' || schedule.fields.hour.length === 24) return [];
  const found = new Map<PreviewWarning['code'], PreviewWarning>();
  for (const changeMs of clockChanges(clockOf(schedule.timezone), now.getTime())) {
    if (
      (schedule.startAt && changeMs < schedule.startAt.getTime()) ||
      (schedule.endAt && changeMs > schedule.endAt.getTime())
    )
      continue;
    const warning = compareWithClock(schedule, changeMs);
    if (warning && !found.has(warning.code)) found.set(warning.code, warning);
  }
  return [...found.values()];
}

/** The instants, to the second, at which the zone's offset changes. */
function* clockChanges(clock: Clock, fromMs: number): Generator<number> {
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

/** What the server will do around the change against what the clock face promises. */
function compareWithClock(schedule: CronSchedule, changeMs: number): PreviewWarning | undefined {
  const clock = clockOf(schedule.timezone);
  const everAfter = { ...schedule, startAt: null, endAt: null };
  const fired = within(everAfter, changeMs - REACH_MS, changeMs + REACH_MS);
  const promised = within(
    { ...everAfter, timezone: 'UTC' },
    clock.toLocal(changeMs - REACH_MS),
    clock.toLocal(changeMs + REACH_MS),
  );
  if (fired.length === promised.length) return undefined;

  const local = (ms: number) =>
    DateTime.fromMillis(ms, { zone: schedule.timezone }).toISO({ suppressSeconds: true, suppressMilliseconds: true }) ??
    '';
  const day = local(changeMs).slice(0, 10);
  const seen = new Set(fired.map((ms) => clock.toLocal(ms)));
  const missing = promised.filter((ms) => !seen.has(ms)).map((ms) => new Date(ms).toISOString().slice(11, 16));
  if (fired.length < promised.length)
    return {
      code: 'dst_gap',
      message: `On ${day} the clocks in ${schedule.timezone} go forward: ${missing.join(', ')} does not exist, and that run is skipped.`,
    };
  return {
    code: 'dst_double',
    message: `On ${day} the clocks in ${schedule.timezone} go back: it fires ${fired.length} times instead of ${promised.length}, at ${fired.map(local).join(', ')}.`,
  };
}

function within(schedule: CronSchedule, afterMs: number, untilMs: number): number[] {
  const times: number[] = [];
  for (const time of fireTimes(schedule, new Date(afterMs))) {
    if (time.getTime() > untilMs) break;
    times.push(time.getTime());
  }
  return times;
}
