import { Redis, type ChainableCommander } from 'ioredis';
import { createApply } from './compare-and-set';
import type { KeyValueStore } from './key-value-store';

const OUTLIVE = "if redis.call('TTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[1]) end";
const REPLACE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
else redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') end
return 1`;

export function createRedisStore(url: string, { answerWithinMs }: { answerWithinMs: number }): KeyValueStore {
  // A command fails when the connection is lost or the server does not answer in time. It does not stay in a queue.
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 5_000, commandTimeout: answerWithinMs });
  // The error of a command that has no connection does not name the reason. The error of this event does.
  let lostBecause: Error | undefined;
  redis
    .on('error', (error: Error & { command?: { name: string } }) => {
      lostBecause = error;
      // When selecting the URL's database fails, ioredis would continue with database 0.
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

  const transact = async (commands: ChainableCommander): Promise<unknown[]> => {
    const answers = await ask(commands.exec());
    if (!answers) throw new Error('the transaction was discarded');
    return answers.map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
  };

  const setValue: KeyValueStore['set'] = async (key, value, { ttlSeconds, onlyIfAbsent } = {}) => {
    const conditions = [...(ttlSeconds === undefined ? [] : ['EX', ttlSeconds]), ...(onlyIfAbsent ? ['NX'] : [])];
    return (await ask(redis.call('SET', key, value, ...conditions))) === 'OK';
  };
  const replace: KeyValueStore['replace'] = async (key, expected, value, { ttlSeconds } = {}) =>
    (await ask(redis.eval(REPLACE, 1, key, expected, value, ...(ttlSeconds === undefined ? [] : [ttlSeconds])))) === 1;
  const readWithTime = async (key: string) => {
    const [value, time] = await transact(redis.multi().get(key).time());
    const [seconds, microseconds] = (time as string[]).map(Number) as [number, number];
    return { value: value as string | null, now: seconds * 1_000 + Math.floor(microseconds / 1_000) };
  };

  return {
    get: (key) => ask(redis.get(key)),
    set: setValue,
    delete: async (key) => (await ask(redis.del(key))) === 1,
    replace,
    addMember: async (key, member, ttlSeconds) => {
      const now = Date.now();
      // The score of a member is its expiry. Each addition removes the expired members. The key expires with the last
      // of its members.
      await transact(
        redis
          .multi()
          .zremrangebyscore(key, '-inf', now)
          .zadd(key, now + ttlSeconds * 1000, member)
          .eval(OUTLIVE, 1, key, ttlSeconds),
      );
    },
    removeMember: async (key, member) => void (await ask(redis.zrem(key, member))),
    members: (key) => ask(redis.zrangebyscore(key, `(${Date.now()}`, '+inf')),
    increment: async (key, { ttlSeconds }) => {
      const [, count] = await transact(redis.multi().set(key, 0, 'EX', ttlSeconds, 'NX').incr(key));
      return Number(count);
    },
    expire: async (key, ttlSeconds) => (await ask(redis.expire(key, ttlSeconds))) === 1,
    apply: createApply({ set: setValue, replace, readWithTime }),
    ping: async () => void (await ask(redis.ping())),
    close: async () => redis.disconnect(),
  };
}
