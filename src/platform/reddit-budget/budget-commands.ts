/**
 * The commands that the processes of a fleet send to their common ledger. Durations are in milliseconds. Moments are of
 * the store's clock, so that the clocks of the machines do not matter.
 */

/** The callers of one process that wait for the same config. */
export interface FlowQueue {
  flow: string;
  /** A flow's share of the budget is its weight among the weights of those that wait. */
  weight: number;
  /** At most one request of this kind is under way in the fleet. */
  isExclusive: boolean;
  waiting: number;
  /** How long the first of them has waited. */
  ageMs: number;
}

/** The state of the budget, from the headers of an answer of Reddit. */
export interface RateHeaders {
  used?: number;
  remaining: number;
  resetMs: number;
}

export interface RequestReport {
  id: number;
  headers?: RateHeaders;
  /** Reddit asked the client to stop for this long. */
  closeMs?: number;
}

/** One request joins the line. */
export interface ArriveCommand {
  process: string;
  queue: FlowQueue;
  patienceMs: number;
  /** Whether its place in the queue is kept when it is deferred. */
  isParkable: boolean;
}

/** A process reports, and fetches its grants. */
export interface PollCommand {
  process: string;
  /** How many more requests it may have under way. */
  free: number;
  queues: FlowQueue[];
  outcomes: RequestReport[];
  /** Grants that nobody waits for any more. */
  unused: number[];
}

/** `etaMs`: about when the caller's turn comes. `isDeferred`: later than its patience. */
export interface Arrival {
  etaMs: number;
  isDeferred: boolean;
}

/** Grants by id, each for a queue; and when to ask again. */
export interface Poll {
  grants: Record<string, string>;
  nextMs: number;
}

export interface BudgetView {
  source: 'headers' | 'default';
  limit: number;
  remaining: number;
  resetMs: number;
  closedMs: number;
  processes: number;
  /** `waiting`: callers in line; `deferred`: callers that return when it is their turn. */
  flows: Record<string, { waiting: number; deferred: number; lastMinute: number }>;
}

export const queueKey = (queue: Pick<FlowQueue, 'flow' | 'isExclusive'>) =>
  queue.isExclusive ? `${queue.flow}!` : queue.flow;
