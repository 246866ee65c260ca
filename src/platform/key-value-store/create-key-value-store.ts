import { createPostgresStore } from './postgres-store';
import { createRedisStore } from './redis-store';
import type { KeyValueStore } from './key-value-store';

export const isPostgresUrl = (url: string): boolean => /^postgres(ql)?:/.test(url);

/**
 * `redis://…` and `rediss://…` open Redis. `postgres://…` opens the two key-value tables of a database that has
 * Taskloom's schema.
 */
export function createKeyValueStore(
  url: string,
  { answerWithinMs = 5_000 }: { answerWithinMs?: number } = {},
): KeyValueStore {
  return (isPostgresUrl(url) ? createPostgresStore : createRedisStore)(url, { answerWithinMs });
}
