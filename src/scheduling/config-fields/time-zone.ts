import { findZoneName } from '../../time-zones/zone-rules';

/**
 * The name of a zone as the time zone database writes it, or undefined when there is no such zone. Temporal
 * distinguishes upper and lower case. An old name stays as it was given; a short name that only Node knows (CTT, PST)
 * becomes the name of the zone it stands for.
 */
export function canonicalZone(name: string): string | undefined {
  const found = findZoneName(name);
  if (found !== undefined) return found;
  // Later versions of Node accept offsets, and Node still accepts System V's rules; Go knows neither as zones.
  if (/^(?:[+-]|SystemV\/)/i.test(name)) return undefined;
  try {
    return findZoneName(new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone);
  } catch {
    return undefined;
  }
}

/** The zones that configs name in any spelling, each once, without those that there are no longer. */
export const canonicalZones = (names: string[]): string[] => [
  ...new Set(names.map(canonicalZone).filter((zone) => zone !== undefined)),
];
