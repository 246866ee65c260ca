import type { FlowQueue } from './budget-commands';

export interface WaitingQueue extends Omit<FlowQueue, 'ageMs'> {
  since: number;
}

interface ProcessState {
  seenAt: number;
  /** How many more requests the process can have under way. */
  free: number;
  /** By key. The stored name is that of older versions, which share the state during an update. */
  lanes: Record<string, WaitingQueue>;
  /** Granted, and not fetched yet: queue by grant. */
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
  /** The lowest `remaining` that Reddit reported in this window; -1 before the first. */
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
  /** When the deferred callers of each flow return. */
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

/** A longer window is an error of the one who tells it: Reddit's lasts ten minutes. */
export const LONGEST_WINDOW_MS = 20 * 60_000;
/** The longest time for which Reddit can ask the client to stop. */
export const LONGEST_CLOSURE_MS = 60 * 60_000;
/** A process that has not polled for this long is dead; its queues are forgotten. */
export const PROCESS_LIFE_MS = 5_000;
/** A request that was not reported within this time never will be: its process died. */
export const REQUEST_LIFE_MS = 60_000;
/** A deferred caller that returns later than this after its time has lost its place. */
export const PARKING_GRACE_MS = 15_000;
/** Unused budget is caught up with at this many times the even pace: more would be a burst. */
export const CATCH_UP = 4;
/** Grants that the operator's rate allowed within this time may be made up for; older ones stay unused. */
export const PACE_SLACK_MS = 3_000;
/** The length of a time slot of `recent`: up to 120 grants a minute have one each. */
export const RECENT_MS = 500;
