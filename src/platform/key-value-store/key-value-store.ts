import type { AtomicProcedure } from './compare-and-set';
import { createPostgresStore } from './postgres-store';
import { createRedisStore } from './redis-store';

/**
 * What Taskloom asks of Redis or, where there is none, of PostgreSQL. Times to live are in seconds. An expired key
 * counts as never set.
 */
export interface KeyValueStore {
  get(key: string): Promise<string | null>;
  /** False when `onlyIfAbsent` met a key that is already there. */
  set(key: string, value: string, options?: { ttlSeconds?: number; onlyIfAbsent?: boolean }): Promise<boolean>;
  /** Whether the key was there: of several callers exactly one is told so. */
  delete(key: string): Promise<boolean>;
  /**
   * Sets the value only where it still is `expected`; without `ttlSeconds` its time to live stays. Of several callers
   * that saw the same value exactly one is told true.
   */
  replace(key: string, expected: string, value: string, options?: { ttlSeconds?: number }): Promise<boolean>;
  /** Adds to the set a member that leaves it by itself after its time. */
  addMember(key: string, member: string, ttlSeconds: number): Promise<void>;
  removeMember(key: string, member: string): Promise<void>;
  /** In no order to rely on. */
  members(key: string): Promise<string[]>;
  /**
   * Counts up and returns the new count. The time to live starts with the first count; later ones do not prolong it.
   */
  increment(key: string, options: { ttlSeconds: number }): Promise<number>;
  /** Sets a new time to live; false when there is no such key. */
  expire(key: string, ttlSeconds: number): Promise<boolean>;
  /** Takes the key's state (JSON) one step on: nobody else changes it in between. The procedure may be run again. */
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

export const isPostgresUrl = (url: string): boolean => /^postgres(ql)?:/.test(url);

/** `redis://…` or `rediss://…`, or `postgres://…`: two tables of a database that has Taskloom's schema. */
export function createKeyValueStore(
  url: string,
  { answerWithinMs = 5_000 }: { answerWithinMs?: number } = {},
): KeyValueStore {
  return (isPostgresUrl(url) ? createPostgresStore : createRedisStore)(url, { answerWithinMs });
}
