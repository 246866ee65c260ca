import moment, { type MomentZone } from 'moment-timezone';
import { MINUTE_MS } from '../shared/durations';

/** The release of the IANA time zone database whose rules are in use, such as 2026f. */
export const rulesVersion: string = moment.tz.dataVersion;

/** All names of the database, old names and links included. */
export const zoneNames = (): string[] => moment.tz.names();

/** One span of time in which the clocks of a zone keep their distance from UTC. */
export interface OffsetPeriod {
  /** Epoch milliseconds; infinite for the last period. */
  untilMs: number;
  /** East of Greenwich it is positive. */
  offsetMs: number;
  abbreviation: string;
}

function zoneOf(name: string): MomentZone {
  const zone = moment.tz.zone(name);
  if (!zone) throw new RangeError(`the time zone database ${rulesVersion} has no zone ${name}`);
  return zone;
}

/** The name as the database writes it, whatever its case; undefined when it is not a name of the database. */
export function findZoneName(name: string): string | undefined {
  const found = moment.tz.zone(name)?.name;
  // The library also finds a zone by a name with underscores in place of the slashes.
  return found?.toLowerCase() === name.toLowerCase() ? found : undefined;
}

/** How far the clocks of the zone are ahead of UTC, in milliseconds. */
export const offsetAt = (zone: string, instantMs: number): number => 0 - zoneOf(zone).utcOffset(instantMs) * MINUTE_MS;

export const abbreviationAt = (zone: string, instantMs: number): string => zoneOf(zone).abbr(instantMs);

/** All periods of a zone, in order. A change that recurs every year is listed far beyond the year 2100. */
export function offsetPeriods(zone: string): OffsetPeriod[] {
  const { untils, offsets, abbrs } = zoneOf(zone);
  return untils.map((untilMs, index) => ({
    untilMs: untilMs ?? Infinity,
    offsetMs: Math.round(0 - (offsets[index] ?? 0) * MINUTE_MS),
    abbreviation: abbrs[index] ?? '',
  }));
}
