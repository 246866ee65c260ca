import { PACE_SLACK_MS, RECENT_MS, type BudgetState } from './budget-state';

/**
 * The operator's ceiling: no minute, wherever it begins, has more grants than that, and they come evenly. Reddit's
 * windows know nothing of it.
 */

const MINUTE_MS = 60_000;

export const paceMs = (requestsPerMinute: number) => MINUTE_MS / requestsPerMinute;

export function forgetOld(state: BudgetState, now: number): void {
  for (const [slice, { lastAt }] of Object.entries(state.recent))
    if (lastAt <= now - MINUTE_MS) delete state.recent[slice];
}

/** When the next grant is within the ceiling. */
export function paceOpensAt(state: BudgetState, requestsPerMinute: number): number {
  const slices = Object.values(state.recent);
  const granted = slices.reduce((sum, { count }) => sum + count, 0);
  return Math.max(
    state.pacedAt,
    granted < Math.max(1, Math.floor(requestsPerMinute))
      ? 0
      : Math.min(...slices.map(({ lastAt }) => lastAt)) + MINUTE_MS,
  );
}

export function notePaced(state: BudgetState, now: number, requestsPerMinute: number): void {
  state.pacedAt = Math.ceil(Math.max(state.pacedAt, now - PACE_SLACK_MS) + paceMs(requestsPerMinute));
  count(state, now);
}

function count(state: BudgetState, now: number): void {
  const slice = (state.recent[Math.floor(now / RECENT_MS)] ??= { count: 0, lastAt: now });
  slice.count += 1;
  slice.lastAt = now;
}

function uncount(state: BudgetState, at: number): void {
  const key = Math.floor(at / RECENT_MS);
  const slice = state.recent[key];
  if (!slice) return;
  slice.count -= 1;
  if (slice.count === 0) delete state.recent[key];
}

/**
 * Sent when its process fetched it, not when it was granted: a minute that is counted at Reddit's end would otherwise
 * have one too many.
 */
export function noteFetched(state: BudgetState, now: number, id: string): void {
  const grantedAt = state.underWay[id];
  if (grantedAt === undefined) return;
  uncount(state, grantedAt);
  count(state, now);
  state.underWay[id] = now;
}

/** The grant was not used. */
export function unnotePaced(state: BudgetState, grantedAt: number, requestsPerMinute: number): void {
  uncount(state, grantedAt);
  state.pacedAt = Math.floor(state.pacedAt - paceMs(requestsPerMinute));
}
