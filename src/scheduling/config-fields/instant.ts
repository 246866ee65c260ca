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

/**
 * An instant, with fractions of a second dropped; a time without an offset is read in `timezone`. Null when the field
 * is left out, undefined when it is faulty.
 */
export function readInstant(fields: FieldReader, field: string, timezone: string): Date | null | undefined {
  if (!fields.has(field)) return null;
  const text = fields.read(field, isoTime);
  if (text === undefined) return undefined;
  const iso = text.replace(' ', 'T').toUpperCase();
  const time = DateTime.fromISO(iso, { zone: new LuxonZone(timezone), setZone: false });
  if (!time.isValid) return fields.fail(field, `not a valid date and time: ${time.invalidExplanation ?? text}`);
  if (time.toUTC().year > LAST_YEAR) return fields.fail(field, `lies after the year ${LAST_YEAR}`);
  if (isLocalTime(iso) && isSkipped(iso, time))
    return fields.fail(field, `does not exist in ${timezone}: the clocks go forward over it`);
  return time.startOf('second').toJSDate();
}
