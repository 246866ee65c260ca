import { DateTime } from 'luxon';
import { z } from 'zod';
import { LuxonZone } from '../../time-zones/luxon-zone';
import type { FieldReader } from './field-reader';

/** The last year that Temporal's calendars know. */
export const LAST_YEAR = 2100;

// Offsets from UTC are 14 hours at most.
const ISO_TIME = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?$/i;
const HAS_OFFSET = /(Z|[+-]\d{2}(:?\d{2})?)$/i;

const isoTime = z.string().trim().regex(ISO_TIME, 'expected an ISO 8601 date and time, such as 2030-01-31T09:30:00Z');

const isLocalTime = (iso: string) => !iso.includes('T') || !HAS_OFFSET.test(iso.slice(iso.indexOf('T')));

/** Luxon moves a local time that the zone's clocks skip to another hour. */
const isSkipped = (iso: string, time: DateTime) =>
  !time.setZone('UTC', { keepLocalTime: true }).equals(DateTime.fromISO(iso, { zone: 'UTC' }));

/** Luxon says "you specified 30 (of type number) as a day, which is invalid". */
function describeInvalid({ invalidExplanation }: DateTime): string {
  const [, value, unit] = /^you specified (\S+) .*as an? (\w+),/.exec(invalidExplanation ?? '') ?? [];
  return unit === undefined ? 'is no date and time' : `the ${unit} ${value} does not exist there`;
}

/** A time as it was given, without fractions of a second. */
export interface GivenTime {
  instant: Date;
  /** The clocks show it twice, and no offset says which is meant: it is the first. */
  isRepeated: boolean;
}

/**
 * A time without an offset is read in `timezone`. Null when the field is left out, undefined when it is faulty.
 */
export function readTime(fields: FieldReader, field: string, timezone: string): GivenTime | null | undefined {
  if (!fields.has(field)) return null;
  const text = fields.read(field, isoTime);
  if (text === undefined) return undefined;
  const iso = text.replace(' ', 'T').toUpperCase();
  const time = DateTime.fromISO(iso, { zone: new LuxonZone(timezone), setZone: false });
  if (!time.isValid)
    return fields.fail(field, `${describeInvalid(time)}; give a time of the calendar, such as 2030-01-31T09:30:00Z`);
  if (time.toUTC().year > LAST_YEAR) return fields.fail(field, `lies after the year ${LAST_YEAR}`);
  if (!isLocalTime(iso)) return { instant: time.startOf('second').toJSDate(), isRepeated: false };
  if (isSkipped(iso, time)) return fields.fail(field, `does not exist in ${timezone}: the clocks go forward over it`);
  const possible = time.getPossibleOffsets();
  // Luxon takes sometimes the first and sometimes the second, depending on the zone.
  const first = DateTime.min(...possible) ?? time;
  return { instant: first.startOf('second').toJSDate(), isRepeated: possible.length > 1 };
}

/** The instant of {@link readTime}. */
export function readInstant(fields: FieldReader, field: string, timezone: string): Date | null | undefined {
  const time = readTime(fields, field, timezone);
  return time && time.instant;
}
