import { dayName, monthName } from '../temporal-calendar';
import type { CalendarSpec, LooseRange } from '@temporalio/client';
import type { CronCalendar } from './cron-fields';

/** The server's limit for a calendar's comment. */
const COMMENT_LENGTH = 200;

/** Temporal never gets the cron text: in its cron strings the sixth field and the two days mean something else. */
export function toCalendarSpec(
  { minute, hour, day, month, dayOfWeek }: CronCalendar,
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
  return isEven ? { start: name(first), end: name(last), step } : values.map((value) => name(value));
}
