/**
 * The zone's name as Temporal expects it, or undefined when there is no such zone. Temporal's Go tzdata distinguishes
 * upper and lower case, and lacks the short names (CTT, utc) that Node accepts.
 */
export function canonicalZone(name: string): string | undefined {
  // Later versions of Node accept offsets, and Node still accepts System V's rules; Go knows neither as zones.
  if (/^(?:[+-]|SystemV\/)/i.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
