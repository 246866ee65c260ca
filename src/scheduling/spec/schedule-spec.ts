import {
  DAYS_OF_WEEK,
  MONTHS,
  ScheduleOverlapPolicy,
  type CalendarSpec,
  type LooseRange,
  type ScheduleSpec,
} from '@temporalio/client';
import { cronCalendars } from './schedule-times';
import type { CronFields, OverlapPolicy, Schedule } from './schedule';

/** Server limit of a calendar's comment. */
const COMMENT_LENGTH = 200;

type CalendarField<Unit> = LooseRange<Unit> | LooseRange<Unit>[] | '*';

/** Even steps become one range, which the Web UI shows readably; anything else is listed. */
function toRanges<Unit>(values: number[], all: number, name: (value: number) => Unit): CalendarField<Unit> {
  if (values.length === all) return '*';
  const [first = 0, second = first] = values;
  const last = values.at(-1) ?? first;
  const step = second - first;
  if (values.length > 2 && values.every((value, index) => value === first + index * step))
    return { start: name(first), end: name(last), step };
  return values.map((value) => name(value));
}

const itself = (value: number) => value;
const nameOf = <Name>(names: readonly Name[], index: number): Name => {
  const name = names[index];
  if (name === undefined) throw new RangeError(`no name for ${index}`);
  return name;
};

function toCalendar(fields: CronFields, comment: string): CalendarSpec {
  return {
    second: 0,
    minute: toRanges(fields.minute, 60, itself),
    hour: toRanges(fields.hour, 24, itself),
    dayOfMonth: toRanges(fields.day, 31, itself),
    month: toRanges(fields.month, 12, (month) => nameOf(MONTHS, month - 1)),
    dayOfWeek: toRanges(fields.dayOfWeek, 7, (day) => nameOf(DAYS_OF_WEEK, day)),
    comment: comment.slice(0, COMMENT_LENGTH),
  };
}

/** One second of the calendar, in UTC: free of doubled and missing hours. */
function instantCalendar(instant: Date): CalendarSpec {
  return {
    second: instant.getUTCSeconds(),
    minute: instant.getUTCMinutes(),
    hour: instant.getUTCHours(),
    dayOfMonth: instant.getUTCDate(),
    month: nameOf(MONTHS, instant.getUTCMonth()),
    year: instant.getUTCFullYear(),
  };
}

const POLICIES: Record<OverlapPolicy, ScheduleOverlapPolicy> = {
  skip: ScheduleOverlapPolicy.SKIP,
  buffer_one: ScheduleOverlapPolicy.BUFFER_ONE,
  buffer_all: ScheduleOverlapPolicy.BUFFER_ALL,
  cancel_other: ScheduleOverlapPolicy.CANCEL_OTHER,
  terminate_other: ScheduleOverlapPolicy.TERMINATE_OTHER,
  allow_all: ScheduleOverlapPolicy.ALLOW_ALL,
};

export interface TemporalSchedule {
  spec: ScheduleSpec;
  policies: { overlap: ScheduleOverlapPolicy; catchupWindow: number; pauseOnFailure: boolean };
  /** How often it may fire; undefined means without limit. */
  remainingActions: number | undefined;
}

/** What Temporal is told. Cron strings are never handed over: their sixth field and their days mean something else there. */
export function toTemporalSchedule(schedule: Exclude<Schedule, { type: 'manual' }>): TemporalSchedule {
  return {
    spec: {
      ...toTimes(schedule),
      startAt: schedule.startAt ?? undefined,
      endAt: schedule.endAt ?? undefined,
      jitter: schedule.jitterSeconds * 1000,
    },
    policies: {
      overlap: POLICIES[schedule.overlap],
      catchupWindow: schedule.catchupWindowSeconds * 1000,
      pauseOnFailure: schedule.isPausedOnFailure,
    },
    remainingActions: schedule.type === 'date' ? 1 : undefined,
  };
}

function toTimes(
  schedule: Exclude<Schedule, { type: 'manual' }>,
): Pick<ScheduleSpec, 'calendars' | 'intervals' | 'timezone'> {
  switch (schedule.type) {
    case 'cron':
      return {
        calendars: cronCalendars(schedule.fields).map((fields) => toCalendar(fields, schedule.expression)),
        timezone: schedule.timezone,
      };
    case 'date':
      return { calendars: [instantCalendar(schedule.runAt)], timezone: 'UTC' };
    case 'interval':
      return { intervals: [{ every: schedule.everySeconds * 1000 }] };
  }
}
