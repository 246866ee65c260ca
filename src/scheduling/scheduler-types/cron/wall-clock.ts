import { offsetAt } from '../../../time-zones/zone-rules';

/** What the clocks of a time zone show, as the epoch milliseconds at which UTC clocks show the same. */
export type LocalMs = number;

export interface WallClock {
  toLocal(instantMs: number): LocalMs;
  /** Never fails: a skipped local time becomes another hour, a repeated one becomes its first occurrence. */
  toInstant(local: LocalMs): number;
}

export function wallClockOf(timezone: string): WallClock {
  const offsetMs = (instantMs: number) => offsetAt(timezone, instantMs);
  return {
    toLocal: (instantMs) => instantMs + offsetMs(instantMs),
    // The second lookup corrects the first one near a clock change, as Go's time.Date does, which the server uses.
    toInstant: (local) => local - offsetMs(local - offsetMs(local)),
  };
}
