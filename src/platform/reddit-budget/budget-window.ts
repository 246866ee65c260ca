import { CATCH_UP, REQUEST_LIFE_MS, type BudgetState } from './budget-state';
import type { Outcome } from './budget-commands';

const underWay = (state: BudgetState) => Object.keys(state.underWay).length;

/** What the operator allows in one window. */
const allowance = (state: BudgetState, requestsPerMinute: number) =>
  Math.max(1, Math.floor((requestsPerMinute * state.lengthMs) / 60_000));
export const windowLimit = (state: BudgetState, requestsPerMinute: number) =>
  Math.min(state.limit || Infinity, allowance(state, requestsPerMinute));
export const available = (state: BudgetState, requestsPerMinute: number) =>
  Math.max(0, Math.floor(Math.min(state.remaining, allowance(state, requestsPerMinute) - state.granted)));
export const evenPaceMs = (state: BudgetState, requestsPerMinute: number) =>
  state.lengthMs / windowLimit(state, requestsPerMinute);

/** A request under way may be counted in the window that ends or in the one that begins: it is charged to the new one until Reddit tells. */
function openWindow(state: BudgetState, startedAt: number, endsAt: number, remaining: number): void {
  Object.assign(state, {
    startedAt,
    endsAt,
    lowest: -1,
    unsure: 0,
    granted: 0,
    remaining: remaining - underWay(state),
  });
}

/** Brings the window up to date: whatever else is asked begins with it. */
export function moveTo(state: BudgetState, now: number, requestsPerMinute: number): void {
  for (const [id, at] of Object.entries(state.underWay)) {
    if (at > now - REQUEST_LIFE_MS) continue;
    delete state.underWay[id];
    if (state.exclusive === Number(id)) state.exclusive = 0;
  }
  if (now < state.endsAt) return;
  const passed =
    state.endsAt === 0 ? now : state.endsAt + Math.floor((now - state.endsAt) / state.lengthMs) * state.lengthMs;
  openWindow(state, passed, passed + state.lengthMs, windowLimit(state, requestsPerMinute));
}

/** The next slot after one at `now`: what is left of the window is spread evenly over the rest of it. */
export function slotAfterNow(state: BudgetState, now: number, requestsPerMinute: number): number {
  const left = available(state, requestsPerMinute);
  const evenly = (state.endsAt - now) / (left + 1);
  return left === 0 ? state.endsAt : now + Math.ceil(Math.max(evenly, evenPaceMs(state, requestsPerMinute) / CATCH_UP));
}

/** A request has ended. `resetMs` is told in whole seconds, rounded up: the earliest end that it gives is nearest to the truth. */
export function settle(state: BudgetState, now: number, outcome: Outcome, requestsPerMinute: number): void {
  const grantedAt = state.underWay[outcome.id];
  delete state.underWay[outcome.id];
  if (state.exclusive === outcome.id) state.exclusive = 0;
  if (outcome.closeMs !== undefined) state.closedUntil = Math.max(state.closedUntil, now + outcome.closeMs);
  if (!outcome.headers) {
    if (grantedAt !== undefined && grantedAt >= state.startedAt) state.unsure += 1;
    return;
  }
  const { used, remaining, resetMs } = outcome.headers;
  const end = now + resetMs;
  const off = end - state.endsAt;
  const isOfThisWindow = grantedAt !== undefined && grantedAt >= state.startedAt;
  const isFirst = state.source === 'default';
  if (!isFirst && off < -state.lengthMs / 2 && !isOfThisWindow) return; // The tail of a window that is over.
  state.source = 'headers';
  if (used !== undefined) state.limit = Math.max(1, Math.round(used + remaining));
  if (isFirst || Math.abs(off) > state.lengthMs / 2) {
    state.lengthMs = isFirst || off < 0 ? Math.max(1, resetMs) : Math.max(state.lengthMs, resetMs);
    openWindow(state, now, end, remaining);
  } else {
    // A window that is longer than was thought ends later than it was thought to.
    state.endsAt = resetMs > state.lengthMs ? end : Math.min(state.endsAt, end);
    if (grantedAt !== undefined) state.endsAt = Math.max(state.endsAt, grantedAt + resetMs - 1_000);
    state.lengthMs = Math.max(state.lengthMs, resetMs);
  }
  state.lowest = state.lowest < 0 ? remaining : Math.min(state.lowest, remaining);
  // Reddit has counted all that was reported, and may or may not have counted what is under way.
  const surely = Math.max(0, state.lowest - underWay(state) - state.unsure);
  if (state.remaining < surely || state.remaining > state.lowest) state.remaining = surely;
  const next = slotAfterNow(state, now, requestsPerMinute);
  state.nextAt = available(state, requestsPerMinute) === 0 ? next : Math.min(state.nextAt, next);
}
