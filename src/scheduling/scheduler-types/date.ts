import { readTime } from '../config-fields/instant';
import { instantCalendar } from './temporal-calendar';
import type { Schedule, SchedulerType } from './scheduler-type';

export interface DateSchedule extends Schedule {
  type: 'date';
  runAt: Date;
  /** The clocks show this time twice, and it was given without an offset. */
  isRepeated: boolean;
}

/** Once, at `run_date`. */
export const date: SchedulerType<DateSchedule> = {
  name: 'date',
  fields: ['run_date'],
  configFields: 'run_date',
  fires: 'once',

  readRule(fields, { timezone, now }) {
    const time = readTime(fields, 'run_date', timezone);
    if (time === null) return fields.fail('run_date', 'is missing: a date schedule needs it');
    if (now && time && time.instant <= now) return fields.fail('run_date', 'lies in the past');
    return time && { runAt: time.instant, isRepeated: time.isRepeated };
  },

  describe: ({ runAt }) => runAt.toISOString(),

  nextFireMs: ({ runAt }, afterMs) => (runAt.getTime() > afterMs ? runAt.getTime() : null),

  toTemporal: ({ runAt }) => ({ calendars: [instantCalendar(runAt)], timezone: 'UTC', remainingActions: 1 }),

  findExpiry: ({ runAt }, now) => (runAt <= now ? `its date, ${runAt.toISOString()}, lies in the past` : null),

  findWarnings({ runAt, isRepeated, timezone }) {
    if (!isRepeated) return [];
    const message =
      `The clocks in ${timezone} go back and show run_date twice: it fires the first time, ` +
      `at ${runAt.toISOString()}; give run_date with its offset from UTC to choose.`;
    return [{ code: 'dst_overlap', message }];
  },
};
