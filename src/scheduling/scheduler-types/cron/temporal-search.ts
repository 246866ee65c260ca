import { HOUR_MS } from '../../../shared/durations';
import { LAST_YEAR } from '../../config-fields/instant';
import type { CronCalendar } from './cron-fields';
import type { WallClock } from './wall-clock';

const EVERY_DAY_OF_WEEK = 7;

/** A calendar of Temporal's, to the minute. */
export interface TemporalCalendar extends CronCalendar {
  /** Undefined for every year. */
  year?: number[];
}

/** A cron schedule in Temporal's form. */
export interface CronSpec {
  calendars: TemporalCalendar[];
  /** Single times beside the calendars, in epoch milliseconds. */
  instants: number[];
}

/** Where the search stands: a local time to the minute, with the month from 1. */
interface Position {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  /** An hour in the second copy of an hour that the clocks repeat, otherwise 0. */
  repeatMs: number;
}

/**
 * The first time after `afterMs` at which Temporal's server fires a spec, both in epoch milliseconds; infinite when
 * there is none. Its faults around clock changes are repeated.
 */
export function nextTemporalMs({ calendars, instants }: CronSpec, clock: WallClock, afterMs: number): number {
  const next = Math.min(...calendars.map((calendar) => nextMatchMs(calendar, clock, afterMs)));
  return instants.reduce((first, instant) => (instant > afterMs && instant < first ? instant : first), next);
}

/**
 * The first instant after `afterMs` that the search of Temporal's server finds for a calendar; infinite when there is
 * none. It takes the same steps, because around a clock change their order decides what fires.
 */
function nextMatchMs(calendar: TemporalCalendar, clock: WallClock, afterMs: number): number {
  const position = startOf(clock, afterMs);
  for (;;) {
    carryOver(position, clock);
    if (position.year > LAST_YEAR) return Infinity;
    if (!advance(position, calendar, clock)) continue;
    const foundMs = instantOf(position, clock);
    if (hourShown(clock, foundMs) === position.hour) return foundMs + position.repeatMs;
    // The clocks skip this hour today.
    position.hour += 1;
    position.minute = 0;
  }
}

/** Schedules fire at second 0 only, so the search begins at the next whole minute. */
function startOf(clock: WallClock, afterMs: number): Position {
  const local = new Date(clock.toLocal(afterMs));
  const hour = local.getUTCHours();
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour,
    minute: local.getUTCMinutes() + 1,
    repeatMs: hourShown(clock, afterMs - HOUR_MS) === hour ? HOUR_MS : 0,
  };
}

const hourShown = (clock: WallClock, instantMs: number) => new Date(clock.toLocal(instantMs)).getUTCHours();

const instantOf = ({ year, month, day, hour, minute }: Position, clock: WallClock) =>
  clock.toInstant(Date.UTC(year, month - 1, day, hour, minute));

/** Makes a valid local time of minute 60, hour 24, and so on. A repeated hour comes a second time. */
function carryOver(position: Position, clock: WallClock): void {
  if (position.minute >= 60) {
    const isRepeatAhead = position.repeatMs === 0 && isRepeated(position, clock);
    position.repeatMs = isRepeatAhead ? HOUR_MS : 0;
    if (!isRepeatAhead) position.hour += 1;
    position.minute = 0;
  }
  if (position.hour >= 24) Object.assign(position, { day: position.day + 1, hour: 0 });
  if (position.day > daysIn(position)) Object.assign(position, { month: position.month + 1, day: 1 });
  if (position.month > 12) Object.assign(position, { year: position.year + 1, month: 1 });
}

function isRepeated(position: Position, clock: WallClock): boolean {
  const hour = { ...position, minute: 0 };
  return instantOf({ ...hour, hour: hour.hour + 1 }, clock) - instantOf(hour, clock) > HOUR_MS;
}

const daysIn = ({ year, month }: Position) => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** The first of the sorted values that is at least `from`. */
const atLeast = (values: number[], from: number) => values.find((value) => value >= from);

/**
 * Moves the position one step towards the calendar: to the next matching month, day, hour or minute. True when all of
 * them match.
 */
function advance(position: Position, calendar: TemporalCalendar, clock: WallClock): boolean {
  if (calendar.year?.includes(position.year) === false) {
    Object.assign(position, { year: position.year + 1, month: 1, day: 1, hour: 0, minute: 0, repeatMs: 0 });
    return false;
  }
  const month = atLeast(calendar.month, position.month);
  if (month !== position.month) {
    const year = month === undefined ? position.year + 1 : position.year;
    Object.assign(position, { year, month: month ?? 1, day: 1, hour: 0, minute: 0, repeatMs: 0 });
    return false;
  }
  if (!isDayMatched(position, calendar, clock)) {
    Object.assign(position, { day: position.day + 1, hour: 0, minute: 0, repeatMs: 0 });
    return false;
  }
  const hour = atLeast(calendar.hour, position.hour);
  if (hour !== position.hour) {
    Object.assign(position, { hour: hour ?? 24, minute: 0, repeatMs: 0 });
    return false;
  }
  const minute = atLeast(calendar.minute, position.minute);
  position.minute = minute ?? 60;
  return minute !== undefined;
}

function isDayMatched(position: Position, { day, dayOfWeek }: CronCalendar, clock: WallClock): boolean {
  if (!day.includes(position.day)) return false;
  if (dayOfWeek.length === EVERY_DAY_OF_WEEK) return true;
  return dayOfWeek.includes(new Date(clock.toLocal(instantOf(position, clock))).getUTCDay());
}
