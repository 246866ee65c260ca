import type { LaneReport } from './budget-commands';

export interface Lane extends Omit<LaneReport, 'ageMs'> {
  since: number;
}

interface ProcessState {
  seenAt: number;
  /** How many more requests it can have under way. */
  free: number;
  lanes: Record<string, Lane>;
  /** Granted, and not fetched yet: lane by grant. */
  grants: Record<string, string>;
}

/** Everything that is known of a budget. Moments are in milliseconds of the store's clock. */
export interface BudgetState {
  source: 'headers' | 'default';
  /** Requests of one window, as Reddit has it; 0 while it has not said. */
  limit: number;
  lengthMs: number;
  startedAt: number;
  endsAt: number;
  /** What Reddit still grants in this window, with every request under way counted. */
  remaining: number;
  /** Grants of this window. */
  granted: number;
  /** The lowest `remaining` that Reddit told in this window; -1 before it told one. */
  lowest: number;
  /** Requests of this window that ended without saying whether they were counted. */
  unsure: number;
  nextAt: number;
  /** By the operator's rate alone, when the next slot is due. */
  pacedAt: number;
  closedUntil: number;
  /** The virtual time: the tag of the newest grant. */
  virtual: number;
  sequence: number;
  /** The grant of the exclusive request under way; 0 for none. */
  exclusive: number;
  /** Grants under way: when each was made, then when its process fetched it. */
  underWay: Record<string, number>;
  /** The virtual time at which each flow's next request is due. */
  tags: Record<string, number>;
  processes: Record<string, ProcessState>;
  /** Callers told to come back: for each flow, when. */
  parked: Record<string, number[]>;
  weights: Record<string, number>;
  /** Grants by second and flow, of the last minute. */
  log: Record<string, Record<string, number>>;
  /** Grants of the last minute by half second: how many, and when the last of them was. */
  recent: Record<string, { count: number; lastAt: number }>;
}

export const freshState = (): BudgetState => ({
  source: 'default',
  limit: 0,
  lengthMs: 60_000,
  startedAt: 0,
  endsAt: 0,
  remaining: 0,
  granted: 0,
  lowest: -1,
  unsure: 0,
  nextAt: 0,
  pacedAt: 0,
  closedUntil: 0,
  virtual: 0,
  sequence: 0,
  exclusive: 0,
  underWay: {},
  tags: {},
  processes: {},
  parked: {},
  weights: {},
  log: {},
  recent: {},
});

/** A process that has not been heard of for so long is dead, and what it waited for is forgotten. */
export const PROCESS_LIFE_MS = 5_000;
/** A request that was not reported by then never will be: its process died. */
export const REQUEST_LIFE_MS = 60_000;
/** Whoever comes back later than this after its time has lost its place. */
export const PARKING_GRACE_MS = 15_000;
/** Unused budget is caught up with at this many times the even pace: more would be a burst. */
export const CATCH_UP = 4;
/** So far behind the operator's rate may be caught up with; what was left unused longer ago stays unused. */
export const PACE_SLACK_MS = 3_000;
/** Grants of the last minute are kept together by so much: up to 120 a minute each stands for itself. */
export const RECENT_MS = 500;
