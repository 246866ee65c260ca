import { z } from 'zod';
import { SECOND_MS } from '../../shared/durations';
import type { FieldReader } from '../config-fields/field-reader';
import type { Schedule, SchedulerType } from './scheduler-type';

export interface IntervalSchedule extends Schedule {
  type: 'interval';
  everySeconds: number;
}

const SECONDS_OF_UNIT = { weeks: 604_800, days: 86_400, hours: 3_600, minutes: 60, seconds: 1 };
const HOUR_SECONDS = 3_600;

/** Every so many seconds. Temporal counts them from the epoch, not from the start of the schedule. */
export const interval: SchedulerType<IntervalSchedule> = {
  name: 'interval',
  configFields: 'interval_seconds or weeks … seconds',
  fires: 'repeatedly',

  readRule(fields) {
    const everySeconds = fields.has('interval_seconds')
      ? fields.read('interval_seconds', z.int().positive())
      : readUnits(fields);
    return everySeconds === undefined ? undefined : { everySeconds };
  },

  describe: ({ everySeconds }) => `every ${everySeconds} s`,

  nextFireMs({ everySeconds }, afterMs) {
    const everyMs = everySeconds * SECOND_MS;
    return (Math.floor(afterMs / everyMs) + 1) * everyMs;
  },

  toTemporal: ({ everySeconds }) => ({ intervals: [{ every: everySeconds * SECOND_MS }] }),

  findWarnings({ everySeconds }) {
    // Shorter intervals fire on round minutes or hours, as users expect.
    if (everySeconds <= HOUR_SECONDS) return [];
    const message = 'Intervals are counted from 1970-01-01T00:00:00Z (a Thursday), not from the start of the schedule.';
    return [{ code: 'interval_alignment', message }];
  },
};

function readUnits(fields: FieldReader): number | undefined {
  const units = Object.entries(SECONDS_OF_UNIT).filter(([unit]) => fields.has(unit));
  if (units.length === 0) {
    const names = Object.keys(SECONDS_OF_UNIT).join(', ');
    return fields.fail('interval_seconds', `an interval needs interval_seconds, or any of ${names}`);
  }
  const parts = units.map(([unit, seconds]) => ({ amount: fields.read(unit, z.number().min(0)), seconds }));
  if (parts.some(({ amount }) => amount === undefined)) return undefined;
  const sum = parts.reduce((total, { amount = 0, seconds }) => total + amount * seconds, 0);
  if (sum >= 1 && Number.isSafeInteger(sum)) return sum;
  return fields.fail(undefined, `the interval has to be a whole number of seconds, 1 or more; these sum up to ${sum}`);
}
