import {
  DAYS_OF_WEEK,
  MONTHS,
  type CalendarSpec,
  type DayOfWeek,
  type IntervalSpec,
  type Month,
} from '@temporalio/client';

function nameOf<Name>(names: readonly Name[], index: number): Name {
  const name = names[index];
  if (name === undefined) throw new RangeError(`no name for ${index}`);
  return name;
}

/** January is 1. */
export const monthName = (month: number): Month => nameOf(MONTHS, month - 1);
/** Sunday is 0. */
export const dayName = (day: number): DayOfWeek => nameOf(DAYS_OF_WEEK, day);

/** One second of the calendar. In UTC, where no clock change repeats or skips it. */
export function instantCalendar(instant: Date): CalendarSpec {
  return {
    second: instant.getUTCSeconds(),
    minute: instant.getUTCMinutes(),
    hour: instant.getUTCHours(),
    dayOfMonth: instant.getUTCDate(),
    month: monthName(instant.getUTCMonth() + 1),
    year: instant.getUTCFullYear(),
  };
}

/**
 * One instant, in epoch milliseconds, whatever the zone of the schedule: Temporal counts intervals from the epoch, so
 * one as long as the time until then ends there first. Its next end lies as far ahead again, after the year 2080.
 */
export const onceAt = (instantMs: number): IntervalSpec => ({ every: instantMs });
