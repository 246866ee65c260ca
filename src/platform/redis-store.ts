import { Redis } from 'ioredis';
import type { KeyValueStore } from './redis';

export function createRedisStore(url: string): KeyValueStore {
  // A caller is told of a lost server within seconds instead of being queued until it is back.
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 5_000, commandTimeout: 5_000 });
  // A command that fails for want of a connection does not say why there is none; this event does.
  let lostBecause: Error | undefined;
  redis
    .on('error', (error: Error & { command?: { name: string } }) => {
      lostBecause = error;
      // ioredis would go on without the database that the address names, and write into database 0.
      if (error.command?.name === 'select') redis.disconnect(true);
    })
    .on('ready', () => (lostBecause = undefined));
  const ask = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer;
    } catch (error) {
      throw lostBecause ? new Error(`Redis does not answer: ${lostBecause.message}`, { cause: lostBecause }) : error;
    }
  };

  return {
    get: (key) => ask(redis.get(key)),
    set: async (key, value, { ttlSeconds, onlyIfAbsent } = {}) => {
      const conditions = [...(ttlSeconds === undefined ? [] : ['EX', ttlSeconds]), ...(onlyIfAbsent ? ['NX'] : [])];
      return (await ask(redis.call('SET', key, value, ...conditions))) === 'OK';
    },
    delete: async (key) => (await ask(redis.del(key))) === 1,
    increment: async (key, { ttlSeconds }) => {
      const answers = await ask(redis.multi().set(key, 0, 'EX', ttlSeconds, 'NX').incr(key).exec());
      const [error, count] = answers?.[1] ?? [new Error('the transaction was discarded'), 0];
      if (error) throw error;
      return Number(count);
    },
    expire: async (key, ttlSeconds) => (await ask(redis.expire(key, ttlSeconds))) === 1,
    ping: async () => void (await ask(redis.ping())),
    close: async () => redis.disconnect(),
  };
}
