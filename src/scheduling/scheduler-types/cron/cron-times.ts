import { DAY_MS } from '../../../shared/durations';
import { LAST_YEAR } from '../../config-fields/instant';
import { policyOf, type ClockPolicy } from './clock-policy';
import { wallClockOf } from './wall-clock';
import { firstWallTime } from './wall-times';
import { affectedRange, changesBetween, moveOf, repeatedMs, type ClockChange } from './zone-changes';
import type { CronFields } from './cron-fields';

/** What decides when a cron schedule fires. */
export interface CronTimes extends ClockPolicy {
  fields: CronFields;
  timezone: string;
}

/** A time without a clock change. */
interface Stretch {
  offsetMs: number;
  /** The change that begins it; only one that may still matter. */
  opening?: ClockChange;
  closing?: ClockChange;
}

const END_MS = Date.UTC(LAST_YEAR + 1, 0);
/** No clock change moves the clocks by more than this. */
const LARGEST_MOVE_MS = DAY_MS;

/**
 * The first fire time after `afterMs`, both in epoch milliseconds; null when there is none up to the year 2100. Every
 * wall time of the fields is one run. A wall time that the clocks skip or repeat follows the clock policy.
 */
export function nextCronMs(cron: CronTimes, afterMs: number): number | null {
  for (const stretch of stretchesAfter(cron.timezone, afterMs)) {
    const found = firstRun(cron, stretch, afterMs);
    if (found !== null) return found;
  }
  return null;
}

function* stretchesAfter(timezone: string, afterMs: number): Generator<Stretch> {
  let opening = changesBetween(timezone, afterMs - LARGEST_MOVE_MS, afterMs + 1).at(-1);
  let offsetMs = wallClockOf(timezone).toLocal(afterMs) - afterMs;
  for (const closing of changesBetween(timezone, afterMs + 1, END_MS)) {
    yield { offsetMs, opening, closing };
    opening = closing;
    offsetMs = closing.offsetAfterMs;
  }
  yield { offsetMs, opening };
}

function firstRun(cron: CronTimes, { offsetMs, opening, closing }: Stretch, afterMs: number): number | null {
  const policy = policyOf(cron);
  if (opening && opening.atMs > afterMs && policy.dstGap === 'shift' && isRunInGap(cron.fields, opening))
    return opening.atMs;
  const fromMs = Math.max(afterMs + 1, startOf(opening, policy));
  const wallMs = firstWallTime(cron.fields, {
    fromMs: fromMs + offsetMs,
    untilMs: endOf(closing, policy) + offsetMs,
  });
  return wallMs === null ? null : wallMs - offsetMs;
}

const isRunInGap = (fields: CronFields, change: ClockChange) =>
  moveOf(change) > 0 && firstWallTime(fields, affectedRange(change)) !== null;

/** With `first`, the wall times that the opening change repeats do not count again. */
function startOf(opening: ClockChange | undefined, { dstOverlap }: ClockPolicy): number {
  if (!opening) return -Infinity;
  return opening.atMs + (dstOverlap === 'first' ? repeatedMs(opening) : 0);
}

/** With `second`, the wall times that the closing change will repeat do not count yet. */
function endOf(closing: ClockChange | undefined, { dstOverlap }: ClockPolicy): number {
  if (!closing) return END_MS;
  return closing.atMs - (dstOverlap === 'second' ? repeatedMs(closing) : 0);
}
