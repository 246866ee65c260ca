import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { readCommonOptions } from '../config-fields/common-options';
import { createFieldReader } from '../config-fields/field-reader';
import { ScheduleConfigError } from '../config-fields/schedule-config-error';
import { findSchedulerType, typeOf } from '../scheduler-types/registry';
import { nextFireTimes } from './fire-times';
import { reportUnknownFields } from './unknown-fields';
import type { PreviewWarning } from '../scheduler-types/preview-warning';
import type { Schedule } from '../scheduler-types/scheduler-type';

const NEVER_FIRES = 'this schedule never fires: choose days that exist, and times between start_at and end_at';

const anyObject = z.record(z.string(), z.unknown());

/** The scheduler type and the fields of a `schedule_config`, or a ScheduleConfigError. */
function open(typeName: string, raw: unknown) {
  const type = findSchedulerType(typeName);
  if (!type)
    throw new ScheduleConfigError([{ path: [], message: `unknown scheduler type ${typeName}`, input: typeName }]);
  const { success, data } = anyObject.safeParse(raw ?? {});
  if (!success) throw new ScheduleConfigError([{ path: [], message: 'expected an object', input: raw }]);
  return { type, config: data };
}

interface ReadOptions {
  /** Left out for a stored config, whose times may have passed. */
  now?: Date;
  /** A new config is refused for what only earlier versions accepted. */
  isNew?: boolean;
}

/** Checks and normalises a `schedule_config`, or throws a ScheduleConfigError with all faults. */
export function readScheduleConfig(
  typeName: string,
  raw: unknown,
  { now, isNew = false }: ReadOptions = {},
): { schedule: Schedule; warnings: PreviewWarning[] } {
  const { type, config } = open(typeName, raw);
  const fields = createFieldReader(config, { isNew });
  const options = readCommonOptions(fields, now);
  const rule = type.readRule(fields, { timezone: options.timezone, now });
  reportUnknownFields(fields, config, type);
  if (!rule || fields.issues.length > 0) throw new ScheduleConfigError(fields.issues);
  const schedule = { ...options, type: type.name, ...rule };
  if (now && type.fires !== 'never' && nextFireTimes(schedule, now, 1).length === 0)
    throw new ScheduleConfigError([{ path: [], message: NEVER_FIRES, input: config }]);
  return { schedule, warnings: fields.warnings };
}

export const parseScheduleConfig = (typeName: string, raw: unknown, options?: ReadOptions): Schedule =>
  readScheduleConfig(typeName, raw, options).schedule;

/** A stored `schedule_config` as answers show it, with warnings of what has no effect in it. */
export function answerScheduleConfig(
  typeName: string,
  stored: Record<string, unknown>,
): { scheduleConfig: Record<string, unknown>; warnings: PreviewWarning[] } {
  try {
    const { schedule, warnings } = readScheduleConfig(typeName, stored);
    return { scheduleConfig: { ...typeOf(schedule).answeredFields?.(schedule), ...stored }, warnings };
  } catch (error) {
    if (error instanceof ScheduleConfigError) return { scheduleConfig: stored, warnings: [] };
    throw error;
  }
}

/** What an edit means that may send back what `answerScheduleConfig` has added. */
export const settleScheduleEdit = (
  typeName: string,
  sent: Record<string, unknown>,
  stored: Record<string, unknown>,
): Record<string, unknown> => findSchedulerType(typeName)?.settleEdit?.(sent, stored) ?? sent;

/** Undefined for a config that cannot be read. */
export function tryParse(type: string, raw: unknown): Schedule | undefined {
  try {
    return parseScheduleConfig(type, raw);
  } catch (error) {
    if (error instanceof ScheduleConfigError) return undefined;
    throw error;
  }
}

/**
 * Why a stored schedule can never fire again, in words: its date or its end has passed. Null when it may fire, and when
 * it cannot be read.
 */
export function findExpiry(type: string, stored: unknown, now: Date): string | null {
  const schedule = tryParse(type, stored);
  if (!schedule) return null;
  const expiry = typeOf(schedule).findExpiry?.(schedule, now) ?? null;
  if (expiry !== null) return expiry;
  return schedule.endAt && schedule.endAt <= now ? `its end, ${schedule.endAt.toISOString()}, lies in the past` : null;
}

/** Whether both mean the same, however they are written. A config that cannot be read equals none. */
export function isSameSchedule(type: string, one: unknown, other: unknown): boolean {
  const schedule = tryParse(type, one);
  return schedule !== undefined && isDeepStrictEqual(schedule, tryParse(type, other));
}

/** The rule in one line: cron text, date or interval. */
export const describeRule = (schedule: Schedule): string => typeOf(schedule).describe(schedule);
