import { toCalendarSpec } from './cron/cron-calendar';
import { findStepWarnings } from './cron/step-warnings';
import { findClockWarnings } from './cron/clock-changes';
import { nextCronMs } from './cron/cron-search';
import { readCron, type CronRule } from './cron/read-cron';
import { CRON_FIELD_NAMES, toCalendars } from './cron/cron-fields';
import type { PreviewWarning } from './preview-warning';
import type { Schedule, SchedulerType } from './scheduler-type';

export interface CronSchedule extends Schedule, CronRule {
  type: 'cron';
}

/** By the fields of crontab(5), in the schedule's time zone. */
export const cron: SchedulerType<CronSchedule> = {
  name: 'cron',
  fields: ['cron_expression', ...CRON_FIELD_NAMES],
  configFields: 'cron_expression or minute, hour, day, month, day_of_week',
  fires: 'repeatedly',
  readRule: readCron,
  describe: ({ expression }) => expression,
  nextFireMs: ({ fields, timezone }, afterMs) => nextCronMs(fields, timezone, afterMs),
  toTemporal: ({ fields, timezone, expression }) => ({
    calendars: toCalendars(fields).map((calendar) => toCalendarSpec(calendar, expression)),
    timezone,
  }),
  findWarnings: (schedule, now) => [
    ...findClockWarnings(schedule, now),
    ...findDayWarnings(schedule),
    ...findStepWarnings(schedule),
  ],
};

function findDayWarnings({ fields }: CronSchedule): PreviewWarning[] {
  if (fields.day.length === 31 || fields.dayOfWeek.length === 7) return [];
  const rule = fields.isEitherDay
    ? 'it fires on days that match either of them, as cron does'
    : 'one of them begins with *, so it fires only on days that match both, as cron does';
  const message = `Day of month and day of week are both restricted: ${rule}.`;
  return [{ code: 'day_of_month_and_day_of_week', message }];
}
