import { offsetAt } from '../../../time-zones/zone-rules';

/** What the clocks of a time zone show, as the epoch milliseconds at which UTC clocks show the same. */
export type LocalMs = number;

export interface WallClock {
  toLocal(instantMs: number): LocalMs;
  /** Never fails: a skipped local time becomes another hour, a repeated one becomes one of its two instants. */
  toInstant(local: LocalMs): number;
}

/** A clock that is ahead of UTC by `offsetMs` at an instant. */
export const clockOf = (offsetMs: (instantMs: number) => number): WallClock => ({
  toLocal: (instantMs) => instantMs + offsetMs(instantMs),
  // The second lookup corrects the first one near a clock change, as Go's time.Date does, which the server uses.
  toInstant: (local) => local - offsetMs(local - offsetMs(local)),
});

export const wallClockOf = (timezone: string): WallClock => clockOf((instantMs) => offsetAt(timezone, instantMs));
