import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { SECOND_MS } from '../../shared/durations';
import { findIntervalWarnings } from './interval/interval-warnings';
import type { FieldReader } from '../config-fields/field-reader';
import type { Schedule, SchedulerType } from './scheduler-type';

export interface IntervalSchedule extends Schedule {
  type: 'interval';
  everySeconds: number;
}

const SECONDS_OF_UNIT = { weeks: 604_800, days: 86_400, hours: 3_600, minutes: 60, seconds: 1 };
const UNITS = Object.keys(SECONDS_OF_UNIT) as (keyof typeof SECONDS_OF_UNIT)[];

/** Every so many seconds: from `start_at`, or from the epoch where there is none. */
export const interval: SchedulerType<IntervalSchedule> = {
  name: 'interval',
  fields: ['interval_seconds', ...UNITS],
  configFields: 'interval_seconds or weeks … seconds',
  fires: 'repeatedly',

  readRule(fields) {
    const everySeconds = fields.has('interval_seconds') ? readSeconds(fields) : readUnits(fields);
    return everySeconds === undefined ? undefined : { everySeconds };
  },

  answeredFields: ({ everySeconds }) => ({ interval_seconds: everySeconds }),

  settleEdit(sent, stored) {
    const isAnswered = isGiven(sent['interval_seconds']) && !isGiven(stored['interval_seconds']);
    if (!isAnswered || !UNITS.some((unit) => isGiven(sent[unit]))) return sent;
    const { interval_seconds: seconds, ...units } = sent;
    if (seconds === sumOf(stored)) return units;
    const areUnitsSame = UNITS.every((unit) => isDeepStrictEqual(sent[unit], stored[unit]));
    return areUnitsSame ? omitUnits(sent) : sent;
  },

  describe: ({ everySeconds }) => `every ${everySeconds} s`,

  nextFireMs(schedule, afterMs) {
    const everyMs = schedule.everySeconds * SECOND_MS;
    const offsetMs = offsetOf(schedule);
    return (Math.floor((afterMs - offsetMs) / everyMs) + 1) * everyMs + offsetMs;
  },

  toTemporal(schedule) {
    const offset = offsetOf(schedule);
    return { intervals: [{ every: schedule.everySeconds * SECOND_MS, ...(offset === 0 ? {} : { offset }) }] };
  },

  findWarnings: (schedule, now) =>
    findIntervalWarnings(schedule, now, (afterMs) => interval.nextFireMs(schedule, afterMs) ?? afterMs),
};

const isGiven = (value: unknown) => value !== undefined && value !== null;

const omitUnits = (config: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(config).filter(([field]) => !(field in SECONDS_OF_UNIT)));

/** NaN when a unit is no number. */
const sumOf = (config: Record<string, unknown>): number =>
  UNITS.reduce((sum, unit) => sum + Number(config[unit] ?? 0) * SECONDS_OF_UNIT[unit], 0);

/** By how much the fire times lie behind multiples of the interval since the epoch. */
function offsetOf({ everySeconds, startAt }: IntervalSchedule): number {
  const everyMs = everySeconds * SECOND_MS;
  const remainder = (startAt?.getTime() ?? 0) % everyMs;
  return remainder < 0 ? remainder + everyMs : remainder;
}

function readSeconds(fields: FieldReader): number | undefined {
  const seconds = fields.read('interval_seconds', z.int().positive());
  const sum = sumOf(Object.fromEntries(UNITS.map((unit) => [unit, fields.peek(unit)])));
  if (seconds !== undefined && sum !== 0 && sum !== seconds)
    fields.failIfNew(
      'interval_seconds',
      'unused_field',
      `is given beside ${UNITS.filter((unit) => isGiven(fields.peek(unit))).join(', ')}; give one or the other`,
    );
  return seconds;
}

function readUnits(fields: FieldReader): number | undefined {
  const units = UNITS.filter((unit) => fields.has(unit));
  if (units.length === 0)
    return fields.fail('interval_seconds', `an interval needs interval_seconds, or any of ${UNITS.join(', ')}`);
  const amounts = units.map((unit) => [unit, fields.read(unit, z.number().min(0))] as const);
  if (amounts.some(([, amount]) => amount === undefined)) return undefined;
  const sum = sumOf(Object.fromEntries(amounts));
  if (sum >= 1 && Number.isSafeInteger(sum)) return sum;
  return fields.fail(undefined, `the interval has to be a whole number of seconds, 1 or more; these sum up to ${sum}`);
}
