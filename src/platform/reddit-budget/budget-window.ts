import { CATCH_UP, LONGEST_CLOSURE_MS, LONGEST_WINDOW_MS, REQUEST_LIFE_MS, type BudgetState } from './budget-state';
import type { RequestReport } from './budget-commands';

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

/**
 * A request in flight may be counted in the window that ends or in the one that begins. It is charged to the new one
 * until Reddit's headers tell.
 */
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

/** Brings the window up to date. Every command begins with it. */
export function moveTo(state: BudgetState, now: number, requestsPerMinute: number): void {
  for (const [id, at] of Object.entries(state.underWay)) {
    if (at > now - REQUEST_LIFE_MS) continue;
    delete state.underWay[id];
    if (state.exclusive === Number(id)) state.exclusive = 0;
  }
  keepWithinBounds(state, now);
  if (now < state.endsAt) return;
  const passed =
    state.endsAt === 0 ? now : state.endsAt + Math.floor((now - state.endsAt) / state.lengthMs) * state.lengthMs;
  openWindow(state, passed, passed + state.lengthMs, windowLimit(state, requestsPerMinute));
}

/**
 * A stored state may be older than the bounds, or come from a process that does not know them. What was deferred by a
 * moment beyond them is forgotten.
 */
function keepWithinBounds(state: BudgetState, now: number): void {
  const latestEnd = now + LONGEST_WINDOW_MS;
  const latestClosure = now + LONGEST_CLOSURE_MS;
  if (state.endsAt <= latestEnd && state.closedUntil <= latestClosure) return;
  state.lengthMs = Math.min(state.lengthMs, LONGEST_WINDOW_MS);
  state.endsAt = Math.min(state.endsAt, latestEnd);
  state.closedUntil = Math.min(state.closedUntil, latestClosure);
  state.nextAt = Math.min(state.nextAt, latestEnd);
  state.parked = {};
}

/** The next slot after one at `now`: what is left of the window is spread evenly over the rest of it. */
export function slotAfterNow(state: BudgetState, now: number, requestsPerMinute: number): number {
  const left = available(state, requestsPerMinute);
  const evenly = (state.endsAt - now) / (left + 1);
  return left === 0 ? state.endsAt : now + Math.ceil(Math.max(evenly, evenPaceMs(state, requestsPerMinute) / CATCH_UP));
}

/**
 * Records the end of a request. Reddit tells `resetMs` in whole seconds, rounded up, so the earliest end that results
 * from it is the most exact one.
 */
export function settle(state: BudgetState, now: number, outcome: RequestReport, requestsPerMinute: number): void {
  const grantedAt = state.underWay[outcome.id];
  const { headers, closeMs } = withinBounds(outcome);
  delete state.underWay[outcome.id];
  if (state.exclusive === outcome.id) state.exclusive = 0;
  state.closedUntil = Math.max(state.closedUntil, now + closeMs);
  const isOfThisWindow = grantedAt !== undefined && grantedAt >= state.startedAt;
  if (!headers) {
    if (isOfThisWindow) state.unsure += 1;
    return;
  }
  const off = now + headers.resetMs - state.endsAt;
  const isOfEndedWindow = state.source !== 'default' && off < -state.lengthMs / 2 && !isOfThisWindow;
  if (isOfEndedWindow) return;
  moveEnd(state, now, headers, grantedAt);
  correctRemaining(state, headers.remaining);
  const next = slotAfterNow(state, now, requestsPerMinute);
  state.nextAt = available(state, requestsPerMinute) === 0 ? next : Math.min(state.nextAt, next);
}

/** The report with bounded durations; without a closure it closes nothing. */
function withinBounds({ headers, closeMs = -Infinity }: RequestReport) {
  return {
    headers: headers && { ...headers, resetMs: Math.min(headers.resetMs, LONGEST_WINDOW_MS) },
    closeMs: Math.min(closeMs, LONGEST_CLOSURE_MS),
  };
}

type Headers = NonNullable<RequestReport['headers']>;

/** Takes limit, length and end of the window from Reddit's headers. An end that is far off belongs to a new window. */
function moveEnd(state: BudgetState, now: number, headers: Headers, grantedAt: number | undefined): void {
  const { used, remaining, resetMs } = headers;
  const off = now + resetMs - state.endsAt;
  const isFirst = state.source === 'default';
  state.source = 'headers';
  if (used !== undefined) state.limit = Math.max(1, Math.round(used + remaining));
  const isOfNewWindow = isFirst || Math.abs(off) > state.lengthMs / 2;
  if (!isOfNewWindow) return adjustEnd(state, now, resetMs, grantedAt);
  state.lengthMs = isFirst || off < 0 ? Math.max(1, resetMs) : Math.max(state.lengthMs, resetMs);
  openWindow(state, now, now + resetMs, remaining);
}

function adjustEnd(state: BudgetState, now: number, resetMs: number, grantedAt: number | undefined): void {
  const end = now + resetMs;
  // A reset beyond the known length shows that the window is longer, so it ends later.
  state.endsAt = resetMs > state.lengthMs ? end : Math.min(state.endsAt, end);
  if (grantedAt !== undefined) state.endsAt = Math.max(state.endsAt, grantedAt + resetMs - 1_000);
  state.lengthMs = Math.max(state.lengthMs, resetMs);
}

/** Reddit has counted all requests that it reported on. It may or may not have counted those that are in flight. */
function correctRemaining(state: BudgetState, remaining: number): void {
  state.lowest = state.lowest < 0 ? remaining : Math.min(state.lowest, remaining);
  const surely = Math.max(0, state.lowest - underWay(state) - state.unsure);
  if (state.remaining < surely || state.remaining > state.lowest) state.remaining = surely;
}
