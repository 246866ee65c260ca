import { PACE_SLACK_MS, RECENT_MS, type BudgetState } from './budget-state';

/**
 * The operator's ceiling: no minute, wherever it begins, has more grants than that, and they come evenly. Reddit's
 * windows know nothing of it.
 */

const MINUTE_MS = 60_000;

export const paceMs = (requestsPerMinute: number) => MINUTE_MS / requestsPerMinute;

export function forgetOld(state: BudgetState, now: number): void {
  for (const [timeSlot, { lastAt }] of Object.entries(state.recent))
    if (lastAt <= now - MINUTE_MS) delete state.recent[timeSlot];
}

/** When the next grant is within the ceiling. */
export function paceOpensAt(state: BudgetState, requestsPerMinute: number): number {
  const timeSlots = Object.values(state.recent);
  const granted = timeSlots.reduce((sum, { count }) => sum + count, 0);
  return Math.max(
    state.pacedAt,
    granted < Math.max(1, Math.floor(requestsPerMinute))
      ? 0
      : Math.min(...timeSlots.map(({ lastAt }) => lastAt)) + MINUTE_MS,
  );
}

export function notePaced(state: BudgetState, now: number, requestsPerMinute: number): void {
  state.pacedAt = Math.ceil(Math.max(state.pacedAt, now - PACE_SLACK_MS) + paceMs(requestsPerMinute));
  count(state, now);
}

function count(state: BudgetState, now: number): void {
  const timeSlot = (state.recent[Math.floor(now / RECENT_MS)] ??= { count: 0, lastAt: now });
  timeSlot.count += 1;
  timeSlot.lastAt = now;
}

function uncount(state: BudgetState, at: number): void {
  const key = Math.floor(at / RECENT_MS);
  const timeSlot = state.recent[key];
  if (!timeSlot) return;
  timeSlot.count -= 1;
  if (timeSlot.count === 0) delete state.recent[key];
}

/**
 * Counts a grant in the minute its process fetched it, when the request is really sent. Counted when granted, one
 * minute at Reddit could exceed the limit.
 */
export function noteFetched(state: BudgetState, now: number, id: string): void {
  const grantedAt = state.underWay[id];
  if (grantedAt === undefined) return;
  uncount(state, grantedAt);
  count(state, now);
  state.underWay[id] = now;
}

/** Takes the count of an unused grant back. */
export function unnotePaced(state: BudgetState, grantedAt: number, requestsPerMinute: number): void {
  uncount(state, grantedAt);
  state.pacedAt = Math.floor(state.pacedAt - paceMs(requestsPerMinute));
}
