import { dayName, monthName } from '../temporal-calendar';
import type { CalendarSpec, LooseRange } from '@temporalio/client';
import type { TemporalCalendar } from './temporal-search';

/** The server's limit for a calendar's comment. */
const COMMENT_LENGTH = 200;

/** The number of years that the server's calendars know. */
const EVERY_YEAR = 101;

/** Temporal never gets the cron text: in its cron strings the sixth field and the two days mean something else. */
export function toCalendarSpec(
  { minute, hour, day, month, dayOfWeek, year }: TemporalCalendar,
  expression: string,
): CalendarSpec {
  const itself = (value: number) => value;
  return {
    second: 0,
    minute: toRanges(minute, 60, itself),
    hour: toRanges(hour, 24, itself),
    dayOfMonth: toRanges(day, 31, itself),
    month: toRanges(month, 12, monthName),
    dayOfWeek: toRanges(dayOfWeek, 7, dayName),
    ...(year && { year: toRanges(year, EVERY_YEAR, itself) }),
    comment: expression.slice(0, COMMENT_LENGTH),
  };
}

/** Values in even steps become one range, which the Temporal Web UI shows legibly; others are listed. */
function toRanges<Unit>(
  values: number[],
  all: number,
  name: (value: number) => Unit,
): LooseRange<Unit> | LooseRange<Unit>[] | '*' {
  if (values.length === all) return '*';
  const [first = 0, second = first] = values;
  const last = values.at(-1) ?? first;
  const step = second - first;
  const isEven = values.length > 2 && values.every((value, index) => value === first + index * step);
  return isEven ? { start: name(first), end: name(last), step } : toRuns(values, name);
}

/** Four or more values in a row are one range of the list. */
function toRuns<Unit>(values: number[], name: (value: number) => Unit): LooseRange<Unit>[] {
  const runs: number[][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run?.at(-1) === value - 1) run.push(value);
    else runs.push([value]);
  }
  return runs.flatMap((run): LooseRange<Unit>[] => {
    const [first = 0, last = first] = [run[0], run.at(-1)];
    return run.length > 3 ? [{ start: name(first), end: name(last) }] : run.map((value) => name(value));
  });
}
