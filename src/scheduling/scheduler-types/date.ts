import { readInstant } from '../config-fields/instant';
import { instantCalendar } from './temporal-calendar';
import type { Schedule, SchedulerType } from './scheduler-type';

export interface DateSchedule extends Schedule {
  type: 'date';
  runAt: Date;
}

/** Once, at `run_date`. */
export const date: SchedulerType<DateSchedule> = {
  name: 'date',
  fields: ['run_date'],
  configFields: 'run_date',
  fires: 'once',

  readRule(fields, { timezone, now }) {
    const runAt = readInstant(fields, 'run_date', timezone);
    if (runAt === null) return fields.fail('run_date', 'is missing: a date schedule needs it');
    if (now && runAt && runAt <= now) return fields.fail('run_date', 'lies in the past');
    return runAt && { runAt };
  },

  describe: ({ runAt }) => runAt.toISOString(),

  nextFireMs: ({ runAt }, afterMs) => (runAt.getTime() > afterMs ? runAt.getTime() : null),

  toTemporal: ({ runAt }) => ({ calendars: [instantCalendar(runAt)], timezone: 'UTC', remainingActions: 1 }),

  findExpiry: ({ runAt }, now) => (runAt <= now ? `its date, ${runAt.toISOString()}, lies in the past` : null),
};
