/**
 * What the processes of a fleet ask of the ledger that they share. Durations are in milliseconds; every moment is the
 * store's own, so that the clocks of the machines do not matter.
 */

/** The callers of one process that wait for the same config. */
export interface LaneReport {
  flow: string;
  /** A flow's share of the budget is its weight among the weights of those that wait. */
  weight: number;
  /** At most one request of this kind is under way in the fleet. */
  isExclusive: boolean;
  waiting: number;
  /** How long the first of them has waited. */
  ageMs: number;
}

/** What Reddit said of the budget with an answer. */
export interface RateHeaders {
  used?: number;
  remaining: number;
  resetMs: number;
}

export interface Outcome {
  id: number;
  headers?: RateHeaders;
  /** Reddit asked the client to stop for so long. */
  closeMs?: number;
}

/** One request joins the line. */
export interface ArriveCommand {
  process: string;
  lane: LaneReport;
  patienceMs: number;
  isParkable: boolean;
}

/** A process reports, and fetches its grants. */
export interface PollCommand {
  process: string;
  /** How many more requests it may have under way. */
  free: number;
  lanes: LaneReport[];
  outcomes: Outcome[];
  /** Grants that nobody waits for any more. */
  unused: number[];
}

/** `etaMs`: when the caller's turn comes, about. `isDeferred`: later than its patience; its place is kept for then. */
export interface Arrival {
  etaMs: number;
  isDeferred: boolean;
}

/** Grants by id, each for a lane; and when to ask again. */
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
  /** `waiting`: callers in line; `deferred`: told to come back. */
  flows: Record<string, { waiting: number; deferred: number; lastMinute: number }>;
}

export const laneKey = (lane: Pick<LaneReport, 'flow' | 'isExclusive'>) =>
  lane.isExclusive ? `${lane.flow}!` : lane.flow;
