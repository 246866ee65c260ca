/**
 * The name by which Temporal knows the zone: its Go tzdata minds upper and lower case, and lacks the short names (CTT,
 * utc) that Node takes for zones. Undefined for no zone.
 */
export function canonicalZone(name: string): string | undefined {
  // Offsets, which later Nodes take, and System V's rules, which Node still has, are no zones of Go.
  if (/^(?:[+-]|SystemV\/)/i.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
