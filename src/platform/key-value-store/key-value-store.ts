import { createMemoryStore } from './memory-store';
import { createRedisStore } from './redis-store';

/**
 * One step from a state to the next, done as a whole: `lua` by Redis, `run` by the store inside the process. Both see
 * the state (undefined, or an empty table, at first), the store's time in milliseconds and the input; all but the time are JSON.
 * The Lua has them as `state`, `now` and `command`, and returns the answer and the state.
 */
export interface AtomicProcedure<State, Input, Answer> {
  name: string;
  lua: string;
  run(state: State | undefined, now: number, input: Input): { state: State; answer: Answer };
}

/** What Taskloom asks of Redis. Times to live are in seconds; a key whose time is up is as good as never set. */
export interface KeyValueStore {
  /** False for the store inside this process. */
  readonly isShared: boolean;
  get(key: string): Promise<string | null>;
  /** False when `onlyIfAbsent` met a key that is already there. */
  set(key: string, value: string, options?: { ttlSeconds?: number; onlyIfAbsent?: boolean }): Promise<boolean>;
  /** Whether the key was there: of several callers exactly one is told so. */
  delete(key: string): Promise<boolean>;
  /** Sets the value only where it still is `expected`; its time to live stays. Of several callers that saw the same value exactly one is told true. */
  replace(key: string, expected: string, value: string): Promise<boolean>;
  /** Adds to the set a member that leaves it by itself after its time. */
  addMember(key: string, member: string, ttlSeconds: number): Promise<void>;
  removeMember(key: string, member: string): Promise<void>;
  /** In no order to rely on. */
  members(key: string): Promise<string[]>;
  /** Counts up and returns the new count. The time to live starts with the first count and is not prolonged by later ones. */
  increment(key: string, options: { ttlSeconds: number }): Promise<number>;
  /** Sets a new time to live; false when there is no such key. */
  expire(key: string, ttlSeconds: number): Promise<boolean>;
  /** Takes the key's state one step on; nobody else sees or changes it meanwhile. */
  apply<State, Input, Answer>(
    key: string,
    procedure: AtomicProcedure<State, Input, Answer>,
    input: Input,
    ttlSeconds: number,
  ): Promise<Answer>;
  /** Throws when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** `redis://…`, `rediss://…`, or `memory://`: a store inside this process, for one machine without Redis. */
export function createKeyValueStore(
  url: string,
  { answerWithinMs = 5_000 }: { answerWithinMs?: number } = {},
): KeyValueStore {
  return url.startsWith('memory:') ? createMemoryStore() : createRedisStore(url, { answerWithinMs });
}
