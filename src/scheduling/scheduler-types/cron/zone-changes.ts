import { DAY_MS } from '../../../shared/durations';
import { offsetPeriods } from '../../../time-zones/zone-rules';
import { clockOf, wallClockOf, type LocalMs, type WallClock } from './wall-clock';

/** An instant at which the clocks of a zone begin to show another offset from UTC. */
export interface ClockChange {
  atMs: number;
  /** Positive east of Greenwich. */
  offsetBeforeMs: number;
  offsetAfterMs: number;
}

export interface WallRange {
  fromMs: LocalMs;
  /** Exclusive. */
  untilMs: LocalMs;
}

const known = new Map<string, readonly ClockChange[]>();

function changesOf(timezone: string): readonly ClockChange[] {
  const changes = known.get(timezone) ?? findChanges(timezone);
  known.set(timezone, changes);
  return changes;
}

/** A new period may differ from the one before by its name alone. */
function findChanges(timezone: string): ClockChange[] {
  const periods = offsetPeriods(timezone);
  return periods.slice(1).flatMap(({ offsetMs }, index) => {
    const before = periods[index];
    if (!before || before.offsetMs === offsetMs) return [];
    return [{ atMs: before.untilMs, offsetBeforeMs: before.offsetMs, offsetAfterMs: offsetMs }];
  });
}

/** The changes from `fromMs` until just before `untilMs`, in order. */
export const changesBetween = (timezone: string, fromMs: number, untilMs: number): ClockChange[] =>
  changesOf(timezone).filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);

/** By how much the clocks are moved: forward is positive. */
export const moveOf = ({ offsetBeforeMs, offsetAfterMs }: ClockChange) => offsetAfterMs - offsetBeforeMs;

/** How long the clocks show again what they have shown; 0 when they go forward. */
export const repeatedMs = (change: ClockChange) => Math.max(0, -moveOf(change));

/** The wall times that the clocks skip or repeat. */
export function affectedRange({ atMs, offsetBeforeMs, offsetAfterMs }: ClockChange): WallRange {
  const earlier = Math.min(offsetBeforeMs, offsetAfterMs);
  const later = Math.max(offsetBeforeMs, offsetAfterMs);
  return { fromMs: atMs + earlier, untilMs: atMs + later };
}

/** The clock of a zone for instants in and near the span. It is fast, and wrong far outside. */
export function clockNear(timezone: string, [fromMs, untilMs]: [number, number]): WallClock {
  const startMs = fromMs - 2 * DAY_MS;
  const changes = changesBetween(timezone, startMs, untilMs + 2 * DAY_MS);
  const startOffsetMs = wallClockOf(timezone).toLocal(startMs) - startMs;
  return clockOf((instantMs) => changes.findLast(({ atMs }) => atMs <= instantMs)?.offsetAfterMs ?? startOffsetMs);
}
