import type { ClassifiedFailure } from './failures';
import type { AttemptWaits } from '../storage/executions/execution-attempts';

/** How long an outage of Reddit is waited out before it counts as a failure, and at which pauses it is tried again. */
export interface OutagePatience {
  totalMs: number;
  firstPauseMs: number;
  longestPauseMs: number;
}
/** Most outages are over within minutes; of a longer one its owner ought to hear. The pauses double up to the longest. */
export const OUTAGE_PATIENCE: OutagePatience = { totalMs: 600_000, firstPauseMs: 2_000, longestPauseMs: 60_000 };

/** Times in a row that an attempt may be told to come back later; then it counts as a failure. */
const WAITS_ALLOWED = 1_000;
/** For one that names no time. */
const UNTOLD_WAIT_MS = 60_000;
const SHORTEST_WAIT_MS = 1_000;

export const noWaits = (attempt: number): AttemptWaits => ({ attempt, waits: 0, outage: null });

export type WaitVerdict =
  { kind: 'wait'; waitMs: number; waited: AttemptWaits } | { kind: 'failure'; failure: ClassifiedFailure };

/**
 * The one place that tells a wait from a failure. A wait holds no worker slot and costs no retry: it lasts as long as the
 * other side said, or, when that cannot be had at all, longer each time until the patience is used up.
 */
export function judgeWait(
  failure: ClassifiedFailure,
  before: AttemptWaits,
  { now, patience }: { now: number; patience: OutagePatience },
): WaitVerdict {
  if (failure.disturbance === undefined || before.waits >= WAITS_ALLOWED) return { kind: 'failure', failure };
  const waits = before.waits + 1;
  // Whoever asks to come back is there again.
  if (failure.disturbance === 'busy')
    return {
      kind: 'wait',
      waitMs: Math.max(SHORTEST_WAIT_MS, failure.retryDelayMs ?? UNTOLD_WAIT_MS),
      waited: { ...before, waits, outage: null },
    };
  const outage = { since: before.outage?.since ?? new Date(now).toISOString(), met: (before.outage?.met ?? 0) + 1 };
  const leftMs = Date.parse(outage.since) + patience.totalMs - now;
  if (leftMs <= 0)
    return {
      kind: 'failure',
      failure: {
        ...failure,
        message: `Reddit could not be had for ${spanOf(patience.totalMs)}, in ${outage.met} tries; at last: ${failure.message}`,
      },
    };
  // The last try comes at the very end of the patience.
  const waitMs = Math.min(leftMs, patience.longestPauseMs, patience.firstPauseMs * 2 ** (outage.met - 1));
  return { kind: 'wait', waitMs, waited: { ...before, waits, outage } };
}

const spanOf = (ms: number) => (ms >= 120_000 ? `${Math.round(ms / 60_000)} minutes` : `${Math.round(ms / 1_000)} s`);
