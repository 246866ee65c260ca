import { DAY_MS, SECOND_MS } from '../../shared/durations';
import { toCalendarSpec } from './cron/cron-calendar';
import { findStepWarnings } from './cron/step-warnings';
import { findClockWarnings } from './cron/clock-changes';
import { correctedSpec, type CorrectedSpan } from './cron/clock-corrections';
import { CLOCK_OPTIONS, readClockPolicy, type ClockPolicy } from './cron/clock-policy';
import { nextCronMs } from './cron/cron-times';
import { readCron, type CronRule } from './cron/read-cron';
import { CRON_FIELD_NAMES } from './cron/cron-fields';
import { onceAt } from './temporal-calendar';
import type { PreviewWarning } from './preview-warning';
import type { Schedule, SchedulerType, TemporalTimes } from './scheduler-type';

export interface CronSchedule extends Schedule, CronRule, ClockPolicy {
  type: 'cron';
}

/** So far ahead, clock changes are corrected in the Temporal schedule. */
const HORIZON_MS = 400 * DAY_MS;
/** So far ahead, the next clock change that will need a correction is looked for. */
const SEARCH_MS = 10 * 366 * DAY_MS;

/** By the fields of crontab(5), in the schedule's time zone. */
export const cron: SchedulerType<CronSchedule> = {
  name: 'cron',
  fields: ['cron_expression', ...CRON_FIELD_NAMES, ...CLOCK_OPTIONS],
  configFields: 'cron_expression or minute, hour, day, month, day_of_week; dst_gap, dst_overlap',
  fires: 'repeatedly',
  readsClocks: true,

  readRule(fields) {
    const rule = readCron(fields);
    const policy = readClockPolicy(fields);
    return rule && { ...rule, ...policy };
  },

  describe: ({ expression }) => expression,
  nextFireMs: nextCronMs,
  toTemporal: toTemporalTimes,

  findWarnings: (schedule, now, lastShown) => [
    ...findClockWarnings(schedule, now, lastShown),
    ...findDayWarnings(schedule),
    ...findStepWarnings(schedule),
  ],
};

function toTemporalTimes(schedule: CronSchedule, now: Date): TemporalTimes {
  const { calendars, instants, correctUntilMs } = correctedSpec(schedule, correctedSpan(schedule, now.getTime()));
  return {
    calendars: calendars.map((calendar) => toCalendarSpec(calendar, schedule.expression)),
    ...(instants.length > 0 && { intervals: instants.map(onceAt) }),
    timezone: schedule.timezone,
    rightUntil: new Date(correctUntilMs),
  };
}

/** Times within the catch-up window may still be fired. Those outside start and end of the schedule do not matter. */
function correctedSpan({ catchupWindowSeconds, startAt, endAt }: CronSchedule, nowMs: number): CorrectedSpan {
  const lookBackMs = Math.min(Math.max(catchupWindowSeconds * SECOND_MS, 2 * DAY_MS), HORIZON_MS);
  return {
    fromMs: Math.max(nowMs - lookBackMs, (startAt?.getTime() ?? -Infinity) - 2 * DAY_MS),
    untilMs: nowMs + HORIZON_MS,
    endMs: Math.min(nowMs + SEARCH_MS, (endAt?.getTime() ?? Infinity) + 2 * DAY_MS),
  };
}

function findDayWarnings({ fields }: CronSchedule): PreviewWarning[] {
  if (fields.day.length === 31 || fields.dayOfWeek.length === 7) return [];
  const rule = fields.isEitherDay
    ? 'it fires on days that match either of them, as cron does'
    : 'one of them begins with *, so it fires only on days that match both, as cron does';
  const message = `Day of month and day of week are both restricted: ${rule}.`;
  return [{ code: 'day_of_month_and_day_of_week', message }];
}
