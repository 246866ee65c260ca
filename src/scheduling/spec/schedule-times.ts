import { IANAZone } from 'luxon';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/durations';
import type { CronFields, Schedule } from './schedule';

/** The last year that Temporal's calendars know. */
export const LAST_YEAR = 2100;

const END_MS = Date.UTC(LAST_YEAR + 1, 0, 1);

/** Local times are kept as the epoch milliseconds at which UTC clocks would show them. */
export type LocalMs = number;

export interface Clock {
  toLocal(instantMs: number): LocalMs;
  /** Never fails: a time that a change to summer time jumps over becomes another hour, a doubled one is its first. */
  toInstant(local: LocalMs): number;
}

export function clockOf(timezone: string): Clock {
  const zone = IANAZone.create(timezone);
  const offsetMs = (instantMs: number) => zone.offset(instantMs) * MINUTE_MS;
  return {
    toLocal: (instantMs) => instantMs + offsetMs(instantMs),
    // The second look corrects the first one near a change, as Go's time.Date does, on which the server stands.
    toInstant: (local) => local - offsetMs(local - offsetMs(local)),
  };
}

/** The first of `values` (sorted) that is at least `from`. */
const atLeast = (values: number[], from: number) => values.find((value) => value >= from);
const daysIn = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();
const ALL_DAYS = 7;

/**
 * The first instant after `afterMs` whose wall clock matches, or null up to the year 2100. It searches as the server
 * does, step by step, because around a clock change the order of the steps decides what fires.
 */
function nextCalendarMs(
  fields: Pick<CronFields, 'minute' | 'hour' | 'day' | 'month' | 'dayOfWeek'>,
  clock: Clock,
  afterMs: number,
): number | null {
  const start = new Date(clock.toLocal(afterMs));
  let [year, month, day, hour] = [
    start.getUTCFullYear(),
    start.getUTCMonth() + 1,
    start.getUTCDate(),
    start.getUTCHours(),
  ];
  // Every schedule of ours fires at second 0, so the search moves by whole minutes.
  let minute = start.getUTCMinutes() + 1;
  // An hour ago the clock showed this hour too: the second copy of a doubled hour.
  let repeatMs = new Date(clock.toLocal(afterMs - HOUR_MS)).getUTCHours() === hour ? HOUR_MS : 0;
  const at = (h: number, m = 0) => clock.toInstant(Date.UTC(year, month - 1, day, h, m));

  for (;;) {
    if (minute >= 60) {
      const isDoubledHourAhead = repeatMs === 0 && at(hour + 1) - at(hour) > HOUR_MS;
      repeatMs = isDoubledHourAhead ? HOUR_MS : 0;
      if (!isDoubledHourAhead) hour += 1;
      minute = 0;
    }
    if (hour >= 24) [day, hour] = [day + 1, 0];
    if (day > daysIn(year, month)) [month, day] = [month + 1, 1];
    if (month > 12) [year, month] = [year + 1, 1];
    if (year > LAST_YEAR) return null;

    const nextMonth = atLeast(fields.month, month);
    if (nextMonth !== month) {
      if (nextMonth === undefined) year += 1;
      [month, day, hour, minute, repeatMs] = [nextMonth ?? 1, 1, 0, 0, 0];
      continue;
    }
    const isWeekday = () =>
      fields.dayOfWeek.length === ALL_DAYS ||
      fields.dayOfWeek.includes(new Date(clock.toLocal(at(hour, minute))).getUTCDay());
    if (!fields.day.includes(day) || !isWeekday()) {
      [day, hour, minute, repeatMs] = [day + 1, 0, 0, 0];
      continue;
    }
    const nextHour = atLeast(fields.hour, hour);
    if (nextHour !== hour) {
      [hour, minute, repeatMs] = [nextHour ?? 24, 0, 0];
      continue;
    }
    const nextMinute = atLeast(fields.minute, minute);
    if (nextMinute === undefined) {
      minute = 60;
      continue;
    }
    minute = nextMinute;
    const found = at(hour, minute);
    // Another hour than wanted: this one does not exist today.
    if (new Date(clock.toLocal(found)).getUTCHours() !== hour) {
      [hour, minute] = [hour + 1, 0];
      continue;
    }
    return found + repeatMs;
  }
}

const EVERY_DAY = Array.from({ length: 31 }, (_, index) => index + 1);
const EVERY_WEEKDAY = Array.from({ length: ALL_DAYS }, (_, index) => index);

/** Classic cron's "either day" is two calendars, since Temporal asks for both. */
export function cronCalendars(fields: CronFields): CronFields[] {
  if (!fields.isEitherDay) return [fields];
  return [
    { ...fields, dayOfWeek: EVERY_WEEKDAY },
    { ...fields, day: EVERY_DAY },
  ];
}

function nextRawMs(schedule: Schedule, clock: Clock, afterMs: number): number | null {
  switch (schedule.type) {
    case 'cron': {
      const times = cronCalendars(schedule.fields)
        .map((calendar) => nextCalendarMs(calendar, clock, afterMs))
        .filter((time) => time !== null);
      return times.length > 0 ? Math.min(...times) : null;
    }
    case 'date':
      return schedule.runAt.getTime() > afterMs ? schedule.runAt.getTime() : null;
    case 'interval': {
      // Temporal counts intervals from the epoch, not from the start of the schedule.
      const everyMs = schedule.everySeconds * SECOND_MS;
      return (Math.floor(afterMs / everyMs) + 1) * everyMs;
    }
    case 'manual':
      return null;
  }
}

/** When the schedule fires after `after`, in order, before any jitter; ends with its window or the year 2100. */
export function* fireTimes(schedule: Schedule, after: Date): Generator<Date, void> {
  const clock = clockOf(schedule.timezone);
  let afterMs = Math.max(after.getTime(), schedule.startAt ? schedule.startAt.getTime() - SECOND_MS : -Infinity);
  for (;;) {
    const next = nextRawMs(schedule, clock, afterMs);
    if (next === null || next >= END_MS || (schedule.endAt && next > schedule.endAt.getTime())) return;
    yield new Date(next);
    afterMs = next;
  }
}

/** The next `count` of them, or all if there are fewer. */
export function nextFireTimes(schedule: Schedule, after: Date, count: number): Date[] {
  const times: Date[] = [];
  for (const time of fireTimes(schedule, after)) {
    times.push(time);
    if (times.length >= count) break;
  }
  return times;
}
