import { z } from 'zod';
import { readInstant } from './instant';
import { canonicalZone } from './time-zone';
import type { FieldReader } from './field-reader';

export const OVERLAP_POLICIES = [
  'skip',
  'buffer_one',
  'buffer_all',
  'cancel_other',
  'terminate_other',
  'allow_all',
] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** What a `schedule_config` of every scheduler type may set. */
export interface CommonOptions {
  /** IANA name. Cron fields, and times without an offset, are read in it. */
  timezone: string;
  startAt: Date | null;
  endAt: Date | null;
  jitterSeconds: number;
  /** Whether its runs may be spread while many schedules share its times. */
  isStaggered: boolean;
  overlap: OverlapPolicy;
  catchupWindowSeconds: number;
  isPausedOnFailure: boolean;
}

/** Ten years. Temporal counts durations in nanoseconds, and 64 bits of them are 292 years. */
const LONGEST_SECONDS = 315_360_000;

const zoneName = z.string().transform((name, context) => {
  const zone = canonicalZone(name);
  if (zone === undefined) context.addIssue('unknown time zone; expected an IANA name such as Europe/Berlin');
  return zone ?? z.NEVER;
});
const jitterSeconds = z.number().min(0).max(LONGEST_SECONDS);
const catchupWindowSeconds = z.number().min(10).max(LONGEST_SECONDS);

/** With `now`, an end that has passed is a fault. Leave `now` out for a stored config, whose end may have passed. */
export function readCommonOptions(fields: FieldReader, now: Date | undefined): CommonOptions {
  const timezone = fields.readOr('timezone', zoneName, 'UTC');
  return {
    timezone,
    ...readWindow(fields, timezone, now),
    jitterSeconds: fields.readOr('jitter_seconds', jitterSeconds, 0),
    isStaggered: fields.readOr('stagger', z.boolean(), true),
    overlap: fields.readOr('overlap', z.enum(OVERLAP_POLICIES), 'skip'),
    catchupWindowSeconds: fields.readOr('catchup_window_seconds', catchupWindowSeconds, 600),
    isPausedOnFailure: fields.readOr('pause_on_failure', z.boolean(), false),
  };
}

function readWindow(
  fields: FieldReader,
  timezone: string,
  now: Date | undefined,
): Pick<CommonOptions, 'startAt' | 'endAt'> {
  const startAt = readInstant(fields, 'start_at', timezone) ?? null;
  const endAt = readInstant(fields, 'end_at', timezone) ?? null;
  if (startAt && endAt && endAt <= startAt) fields.fail('end_at', 'has to lie after start_at');
  if (now && endAt && endAt <= now) fields.fail('end_at', 'lies in the past');
  return { startAt, endAt };
}
