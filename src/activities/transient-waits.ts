import type { ClassifiedFailure } from './failures';
import type { AttemptWaits } from '../storage/executions/execution-attempts';

/** How long an outage of Reddit is waited out before it counts as a failure, and the pauses between the tries. */
export interface OutagePatience {
  totalMs: number;
  firstPauseMs: number;
  longestPauseMs: number;
}
/**
 * Most outages are over within minutes; a longer one should reach the config's owner. Pauses double up to the longest.
 */
export const OUTAGE_PATIENCE: OutagePatience = { totalMs: 600_000, firstPauseMs: 2_000, longestPauseMs: 60_000 };

/** Consecutive waits of one attempt; the next one counts as a failure. */
const WAITS_ALLOWED = 1_000;
/** The wait after an answer that asks to come back and names no time. */
const DEFAULT_WAIT_MS = 60_000;
const SHORTEST_WAIT_MS = 1_000;

export const initialWaits = (attempt: number): AttemptWaits => ({ attempt, waits: 0, outage: null });

export type WaitDecision =
  | { kind: 'wait'; failure: ClassifiedFailure; delayMs: number; waits: AttemptWaits }
  | { kind: 'failure'; failure: ClassifiedFailure };

/**
 * Decides whether a failure is waited out. A wait holds no worker slot and costs no retry. It lasts as long as
 * Reddit announced. During an outage the waits grow, until the patience is used up.
 */
export function decideWait(
  failure: ClassifiedFailure,
  before: AttemptWaits,
  { now, patience }: { now: number; patience: OutagePatience },
): WaitDecision {
  if (failure.disturbance === undefined || before.waits >= WAITS_ALLOWED) return { kind: 'failure', failure };
  const waits = before.waits + 1;
  // A server that answers ends the outage.
  if (failure.disturbance === 'busy')
    return {
      kind: 'wait',
      failure,
      delayMs: Math.max(SHORTEST_WAIT_MS, failure.retryDelayMs ?? DEFAULT_WAIT_MS),
      waits: { ...before, waits, outage: null },
    };
  const outage = { since: before.outage?.since ?? new Date(now).toISOString(), met: (before.outage?.met ?? 0) + 1 };
  const leftMs = Date.parse(outage.since) + patience.totalMs - now;
  if (leftMs <= 0) return { kind: 'failure', failure: afterOutage(failure, outage.met, patience) };
  // The last try comes at the very end of the patience.
  const delayMs = Math.min(leftMs, patience.longestPauseMs, patience.firstPauseMs * 2 ** (outage.met - 1));
  return { kind: 'wait', failure, delayMs, waits: { ...before, waits, outage } };
}

function afterOutage(failure: ClassifiedFailure, tries: number, { totalMs }: OutagePatience): ClassifiedFailure {
  const outage = `Reddit could not be had for ${formatDuration(totalMs)}, in ${tries} tries`;
  return { ...failure, message: `${outage}; at last: ${failure.message}` };
}

const formatDuration = (ms: number) =>
  ms >= 120_000 ? `${Math.round(ms / 60_000)} minutes` : `${Math.round(ms / 1_000)} s`;
