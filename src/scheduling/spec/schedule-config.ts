import { isDeepStrictEqual } from 'node:util';
import { DateTime } from 'luxon';
import { z } from 'zod';
import {
  CRON_FIELD_NAMES,
  parseCronField,
  splitCron,
  toCronFields,
  type CronFieldName,
  type CronTexts,
} from './cron-fields';
import { OVERLAP_POLICIES, type CronFields, type Schedule, type ScheduleOptions } from './schedule';
import { LAST_YEAR, nextFireTimes } from './schedule-times';
import { canonicalZone } from './time-zone';
import type { SchedulerType } from '../../storage/configs/task-config';

export interface ScheduleIssue {
  /** Inside `schedule_config`. */
  path: (string | number)[];
  message: string;
  input: unknown;
}

/** A `schedule_config` that cannot be scheduled, with all its faults. */
export class ScheduleConfigError extends Error {
  override readonly name = 'ScheduleConfigError';
  readonly code = 'invalid_schedule_config';
  constructor(readonly issues: ScheduleIssue[]) {
    super(issues.map((issue) => [...issue.path, issue.message].join(': ')).join('; '));
  }
}

/** Reads fields one by one, so that one bad field does not hide another. An explicit null counts as left out. */
function createReader(raw: Record<string, unknown>) {
  const issues: ScheduleIssue[] = [];
  const fail = (path: string | undefined, message: string): undefined => {
    issues.push({ path: path === undefined ? [] : [path], message, input: path === undefined ? raw : raw[path] });
  };
  return {
    issues,
    fail,
    has: (name: string) => raw[name] !== undefined && raw[name] !== null,
    read<Value>(name: string, schema: z.ZodType<Value>): Value | undefined {
      const parsed = schema.safeParse(raw[name] ?? undefined);
      return parsed.success ? parsed.data : fail(name, parsed.error.issues.map((issue) => issue.message).join('; '));
    },
  };
}
type Reader = ReturnType<typeof createReader>;

// No clock of the world is further than 14 hours from UTC.
const ISO_TIME = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?$/i;
const HAS_OFFSET = /(Z|[+-]\d{2}(:?\d{2})?)$/i;

/** An instant to the second; without an offset it is read in the schedule's time zone. */
function readInstant(reader: Reader, name: string, timezone: string): Date | null | undefined {
  const text = reader.read(
    name,
    z.string().trim().regex(ISO_TIME, 'expected an ISO 8601 date and time, such as 2030-01-31T09:30:00Z').optional(),
  );
  if (text === undefined) return reader.has(name) ? undefined : null;
  const iso = text.replace(' ', 'T').toUpperCase();
  const time = DateTime.fromISO(iso, { zone: timezone, setZone: false });
  if (!time.isValid) return reader.fail(name, `not a valid date and time: ${time.invalidExplanation ?? text}`);
  if (time.toUTC().year > LAST_YEAR) return reader.fail(name, `lies after the year ${LAST_YEAR}`);
  const isNaive = iso.includes('T') ? !HAS_OFFSET.test(iso.slice(iso.indexOf('T'))) : true;
  const wanted = DateTime.fromISO(iso, { zone: 'UTC' });
  if (isNaive && !time.setZone('UTC', { keepLocalTime: true }).equals(wanted))
    return reader.fail(name, `does not exist in ${timezone}: the clocks go forward over it`);
  return time.startOf('second').toJSDate();
}

const zoneName = z.string().transform((name, context) => {
  const zone = canonicalZone(name);
  if (zone === undefined) context.addIssue('unknown time zone; expected an IANA name such as Europe/Berlin');
  return zone ?? z.NEVER;
});

/** Ten years. Temporal counts durations in nanoseconds, and 64 bits of them are 292 years. */
const LONGEST_SECONDS = 315_360_000;

function readOptions(reader: Reader, now: Date | undefined): ScheduleOptions {
  const timezone = reader.read('timezone', zoneName.default('UTC'));
  const startAt = readInstant(reader, 'start_at', timezone ?? 'UTC') ?? null;
  const endAt = readInstant(reader, 'end_at', timezone ?? 'UTC') ?? null;
  if (startAt && endAt && endAt <= startAt) reader.fail('end_at', 'has to lie after start_at');
  if (now && endAt && endAt <= now) reader.fail('end_at', 'lies in the past');
  return {
    timezone: timezone ?? 'UTC',
    startAt,
    endAt,
    jitterSeconds: reader.read('jitter_seconds', z.number().min(0).max(LONGEST_SECONDS).default(0)) ?? 0,
    overlap: reader.read('overlap', z.enum(OVERLAP_POLICIES).default('skip')) ?? 'skip',
    catchupWindowSeconds:
      reader.read('catchup_window_seconds', z.number().min(10).max(LONGEST_SECONDS).default(600)) ?? 600,
    isPausedOnFailure: reader.read('pause_on_failure', z.boolean().default(false)) ?? false,
  };
}

const cronText = z.union([z.string(), z.int()], 'expected a string or a whole number').transform(String);

function readCron(reader: Reader): { expression: string; fields: CronFields } | undefined {
  if (reader.has('cron_expression')) {
    const expression = reader.read('cron_expression', z.string());
    if (expression === undefined) return undefined;
    const texts = splitCron(expression);
    if (typeof texts === 'string') return reader.fail('cron_expression', texts);
    return readCronFields(reader, texts, expression.trim(), () => 'cron_expression');
  }
  if (!CRON_FIELD_NAMES.some((name) => reader.has(name)))
    return reader.fail(
      'cron_expression',
      `a cron schedule needs cron_expression, or all of ${CRON_FIELD_NAMES.join(', ')}`,
    );
  const texts = Object.fromEntries(
    CRON_FIELD_NAMES.map((name) => [
      name,
      reader.has(name)
        ? reader.read(name, cronText)?.trim()
        : reader.fail(name, 'is missing: all five fields are needed'),
    ]),
  );
  if (Object.values(texts).some((text) => text === undefined)) return undefined;
  return readCronFields(reader, texts as CronTexts, Object.values(texts).join(' '), (name) => name);
}

function readCronFields(
  reader: Reader,
  texts: CronTexts,
  expression: string,
  pathOf: (name: CronFieldName) => string,
): { expression: string; fields: CronFields } | undefined {
  const read = (name: CronFieldName) => {
    const values = parseCronField(name, texts[name]);
    return typeof values === 'string' ? reader.fail(pathOf(name), values) : values;
  };
  const values = Object.fromEntries(CRON_FIELD_NAMES.map((name) => [name, read(name)]));
  if (Object.values(values).some((value) => value === undefined)) return undefined;
  return { expression, fields: toCronFields(texts, values as Record<CronFieldName, number[]>) };
}

const INTERVAL_UNITS = { weeks: 604_800, days: 86_400, hours: 3_600, minutes: 60, seconds: 1 };

function readInterval(reader: Reader): { everySeconds: number } | undefined {
  if (reader.has('interval_seconds')) {
    const everySeconds = reader.read('interval_seconds', z.int().positive());
    return everySeconds === undefined ? undefined : { everySeconds };
  }
  const units = Object.entries(INTERVAL_UNITS).filter(([unit]) => reader.has(unit));
  if (units.length === 0)
    return reader.fail(
      'interval_seconds',
      `an interval needs interval_seconds, or any of ${Object.keys(INTERVAL_UNITS).join(', ')}`,
    );
  const parts = units.map(([unit, seconds]) => ({ amount: reader.read(unit, z.number().min(0)), seconds }));
  if (parts.some((part) => part.amount === undefined)) return undefined;
  const everySeconds = parts.reduce((sum, part) => sum + (part.amount ?? 0) * part.seconds, 0);
  if (everySeconds < 1 || !Number.isSafeInteger(everySeconds))
    return reader.fail(
      undefined,
      `the interval has to be a whole number of seconds, 1 or more; these sum up to ${everySeconds}`,
    );
  return { everySeconds };
}

function readDate(reader: Reader, timezone: string, now: Date | undefined): { runAt: Date } | undefined {
  const runAt = readInstant(reader, 'run_date', timezone);
  if (runAt === null) return reader.fail('run_date', 'is missing: a date schedule needs it');
  if (now && runAt && runAt <= now) return reader.fail('run_date', 'lies in the past');
  return runAt && { runAt };
}

function readSchedule(type: SchedulerType, reader: Reader, now: Date | undefined): Schedule | undefined {
  const options = readOptions(reader, now);
  switch (type) {
    case 'cron': {
      const cron = readCron(reader);
      return cron && { ...options, type, ...cron };
    }
    case 'date': {
      const date = readDate(reader, options.timezone, now);
      return date && { ...options, type, ...date };
    }
    case 'interval': {
      const interval = readInterval(reader);
      return interval && { ...options, type, ...interval };
    }
    case 'manual':
      return { ...options, type };
  }
}

/** Which of its own times lies behind it, so that it never fires again; null for one that may, and for what cannot be read. */
export function findPastTime(type: SchedulerType, stored: unknown, now: Date): string | null {
  try {
    const schedule = parseScheduleConfig(type, stored);
    if (schedule.type === 'date' && schedule.runAt <= now)
      return `its date, ${schedule.runAt.toISOString()}, lies in the past`;
    return schedule.endAt && schedule.endAt <= now
      ? `its end, ${schedule.endAt.toISOString()}, lies in the past`
      : null;
  } catch (error) {
    if (error instanceof ScheduleConfigError) return null;
    throw error;
  }
}

/** Whether both mean the same, however they are spelt. What cannot be read equals nothing. */
export function isSameSchedule(type: SchedulerType, one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(parseScheduleConfig(type, one), parseScheduleConfig(type, other));
  } catch (error) {
    if (error instanceof ScheduleConfigError) return false;
    throw error;
  }
}

/**
 * Checks and normalises a `schedule_config`, or throws a ScheduleConfigError that lists every fault. Unknown keys are
 * ignored. Leave `now` out for a stored config, whose date may by rights lie behind.
 */
export function parseScheduleConfig(type: SchedulerType, raw: unknown, { now }: { now?: Date } = {}): Schedule {
  const config = z.record(z.string(), z.unknown()).safeParse(raw ?? {});
  if (!config.success) throw new ScheduleConfigError([{ path: [], message: 'expected an object', input: raw }]);
  const reader = createReader(config.data);
  const schedule = readSchedule(type, reader, now);
  if (
    schedule &&
    reader.issues.length === 0 &&
    schedule.type !== 'manual' &&
    now &&
    nextFireTimes(schedule, now, 1).length === 0
  )
    reader.fail(undefined, 'this schedule never fires');
  if (!schedule || reader.issues.length > 0) throw new ScheduleConfigError(reader.issues);
  return schedule;
}
