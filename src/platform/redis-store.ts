import { Redis } from 'ioredis';
import type { KeyValueStore } from './redis';

export function createRedisStore(url: string): KeyValueStore {
  // A caller is told of a lost server within seconds instead of being queued until it is back.
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 5_000, commandTimeout: 5_000 });
  // The failed command carries the error to its caller; without a listener ioredis prints each lost connection as well.
  redis.on('error', () => undefined);

  return {
    get: (key) => redis.get(key),
    set: async (key, value, { ttlSeconds, onlyIfAbsent } = {}) => {
      const conditions = [...(ttlSeconds === undefined ? [] : ['EX', ttlSeconds]), ...(onlyIfAbsent ? ['NX'] : [])];
      return (await redis.call('SET', key, value, ...conditions)) === 'OK';
    },
    delete: async (key) => (await redis.del(key)) === 1,
    increment: async (key, { ttlSeconds }) => {
      const answers = await redis.multi().set(key, 0, 'EX', ttlSeconds, 'NX').incr(key).exec();
      const [error, count] = answers?.[1] ?? [new Error('the transaction was discarded'), 0];
      if (error) throw error;
      return Number(count);
    },
    expire: async (key, ttlSeconds) => (await redis.expire(key, ttlSeconds)) === 1,
    ping: async () => void (await redis.ping()),
    close: async () => redis.disconnect(),
  };
}
