import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/process';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';
import { describeEachStore, testServices } from '../../support/test-services';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import { createPostgresStore } from '../../../src/platform/key-value-store/postgres-store';

describeEachStore('the key-value store', (url) => {
  const store = createKeyValueStore(url);
  const newKey = () => `contract:${randomBytes(8).toString('hex')}`;
  afterAll(() => store.close());
  /** Waits until what was stored before it for a second is gone, by the store's own clock. */
  const outliveASecond = async () => {
    const witness = newKey();
    await store.set(witness, 'short', { ttlSeconds: 1 });
    await waitFor(async () => (await store.get(witness)) === null);
  };

  // Concurrent, because half of them wait for a time to live to pass.
  it.concurrent('keeps a value until it is deleted, and reports the deletion to one caller', async () => {
    const key = newKey();
    expect(await store.get(key)).toBeNull();
    expect(await store.set(key, 'value with ünïcode')).toBe(true);
    expect(await store.get(key)).toBe('value with ünïcode');
    const told = await Promise.all([store.delete(key), store.delete(key), store.delete(key)]);
    expect(told.filter(Boolean)).toHaveLength(1);
    expect(await store.get(key)).toBeNull();
  });

  it.concurrent('overwrites a value, except with onlyIfAbsent', async () => {
    const key = newKey();
    expect(await store.set(key, 'one', { onlyIfAbsent: true })).toBe(true);
    expect(await store.set(key, 'two', { onlyIfAbsent: true, ttlSeconds: 60 })).toBe(false);
    expect(await store.get(key)).toBe('one');
    await store.set(key, 'three');
    expect(await store.get(key)).toBe('three');
  });

  it.concurrent('lets one of many concurrent callers claim a key', async () => {
    const key = newKey();
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.set(key, String(index), { onlyIfAbsent: true, ttlSeconds: 60 })),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it.concurrent('forgets a value after its time to live, and lets callers claim the key again', async () => {
    const key = newKey();
    await store.set(key, 'short', { ttlSeconds: 1 });
    expect(await store.get(key)).toBe('short');
    await outliveASecond();
    expect(await store.get(key)).toBeNull();
    expect(await store.delete(key)).toBe(false);
    expect(await store.set(key, 'again', { onlyIfAbsent: true })).toBe(true);
  });

  it.concurrent('drops the time to live of a value that is set again without one', async () => {
    const key = newKey();
    await store.set(key, 'short', { ttlSeconds: 1 });
    await store.set(key, 'for good');
    await outliveASecond();
    expect(await store.get(key)).toBe('for good');
  });

  it.concurrent('replaces an expected value for one of many callers, and keeps its time to live', async () => {
    const key = newKey();
    expect(await store.replace(key, '', 'new')).toBe(false);
    await store.set(key, 'old', { ttlSeconds: 1 });
    const told = await Promise.all(Array.from({ length: 10 }, (_, index) => store.replace(key, 'old', `new ${index}`)));
    expect(told.filter(Boolean)).toHaveLength(1);
    expect(await store.get(key)).toBe(`new ${told.indexOf(true)}`);
    await outliveASecond();
    expect(await store.get(key)).toBeNull();
    expect(await store.replace(key, `new ${told.indexOf(true)}`, 'again')).toBe(false);
  });

  it.concurrent('replaces a value with a new time to live', async () => {
    const key = newKey();
    await store.set(key, 'old', { ttlSeconds: 1 });
    expect(await store.replace(key, 'old', 'new', { ttlSeconds: 60 })).toBe(true);
    await outliveASecond();
    expect(await store.get(key)).toBe('new');
    expect(await store.replace(key, 'new', 'newest', { ttlSeconds: 1 })).toBe(true);
    await outliveASecond();
    expect(await store.get(key)).toBeNull();
  });

  it.concurrent('keeps each member of a set for its own time to live', async () => {
    const key = newKey();
    expect(await store.members(key)).toEqual([]);
    await store.addMember(key, 'long', 60);
    await store.addMember(key, 'short', 1);
    await store.addMember(key, 'removed', 60);
    await store.removeMember(key, 'removed');
    await store.removeMember(key, 'never there');
    expect((await store.members(key)).sort()).toEqual(['long', 'short']);
    await outliveASecond();
    expect(await store.members(key)).toEqual(['long']);
    await store.addMember(key, 'later', 60);
    expect((await store.members(key)).sort()).toEqual(['later', 'long']);
  });

  it.concurrent('counts concurrent callers without losing one', async () => {
    const key = newKey();
    const counts = await Promise.all(Array.from({ length: 50 }, () => store.increment(key, { ttlSeconds: 60 })));
    expect(new Set(counts)).toEqual(new Set(Array.from({ length: 50 }, (_, index) => index + 1)));
    expect(await store.get(key)).toBe('50');
  });

  it.concurrent('restarts a count when the time to live of its first increment has passed', async () => {
    const key = newKey();
    expect(await store.increment(key, { ttlSeconds: 1 })).toBe(1);
    // An increment that extended the time to live would keep the key for ever.
    await waitFor(async () => (await store.increment(key, { ttlSeconds: 1 })) === 1);
  });

  it.concurrent('extends the time to live of an existing key only', async () => {
    const key = newKey();
    await store.set(key, 'value', { ttlSeconds: 1 });
    expect(await store.expire(key, 60)).toBe(true);
    await outliveASecond();
    expect(await store.get(key)).toBe('value');
    expect(await store.expire(`${key}:absent`, 60)).toBe(false);
  });

  const adding = {
    run: (state: { sum: number } | undefined, now: number, { add }: { add: number }) => {
      const sum = (state?.sum ?? 0) + add;
      return { state: { sum }, answer: { sum, isTimed: now > 1e12 } };
    },
  };

  it.concurrent('applies the steps of concurrent callers to a state one after the other', async () => {
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 30 }, () => store.apply(key, adding, { add: 2 }, 60)));
    expect(answers.map(({ sum }) => sum).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, n) => 2 * (n + 1)),
    );
    expect(answers.every(({ isTimed }) => isTimed)).toBe(true);
  });

  it.concurrent('applies the steps of several connections one after the other', async () => {
    const key = newKey();
    const others = Array.from({ length: 4 }, () => createKeyValueStore(url));
    const answers = await Promise.all(
      [store, ...others].flatMap((each) =>
        Array.from({ length: 20 }, async () => {
          await sleep(Math.random() * 50);
          return each.apply(key, adding, { add: 1 }, 60);
        }),
      ),
    );
    expect(answers.map(({ sum }) => sum).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    await Promise.all(others.map((each) => each.close()));
  });

  it.concurrent('rejects when a procedure fails, and keeps the state for the next step', async () => {
    const key = newKey();
    const failing = {
      run: () => {
        throw new Error('no such step');
      },
    };
    await store.apply(key, adding, { add: 1 }, 60);
    await expect(store.apply(key, failing, {}, 60)).rejects.toThrow('no such step');
    expect(await store.apply(key, adding, { add: 1 }, 60)).toMatchObject({ sum: 2 });
  });

  it.concurrent('forgets a state after its time to live without a step', async () => {
    const key = newKey();
    await store.apply(key, adding, { add: 1 }, 1);
    expect(await store.apply(key, adding, { add: 1 }, 1)).toMatchObject({ sum: 2 });
    await outliveASecond();
    expect(await store.apply(key, adding, { add: 1 }, 1)).toMatchObject({ sum: 1 });
  });

  it.concurrent('answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined();
  });
});

it('an unreachable Redis rejects the call instead of letting it wait', async () => {
  const store = createKeyValueStore('redis://127.0.0.1:1');
  await expect(store.ping()).rejects.toThrow('ECONNREFUSED');
  await expect(store.get('key')).rejects.toThrow();
  await store.close();
});

describe('PostgreSQL as the store', () => {
  let db: TestDatabase;
  const closing: (() => unknown)[] = [];
  const open = (url: string, options: { answerWithinMs?: number; sweepEveryMs?: number } = {}) => {
    const store = createPostgresStore(url, { answerWithinMs: 5_000, ...options });
    closing.push(() => store.close());
    return store;
  };
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  useTestDatabase('file', (created) => (db = created));

  it('rejects the call when nothing listens, and when the tables are missing', async () => {
    await expect(open('postgres://127.0.0.1:9/none').get('key')).rejects.toThrow('ECONNREFUSED');
    await expect(open(testServices().postgresUrl).ping()).rejects.toThrow('relation "key_values" does not exist');
  });

  it('rejects the call when the server accepts connections and never answers', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    const { port } = mute.address() as AddressInfo;
    const store = open(`postgres://127.0.0.1:${port}/none`, { answerWithinMs: 300 });
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => store.get('key')));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill('rejected'));
  });

  it('rejects calls while a lock blocks their statements, and works again after it', async () => {
    const store = open(db.url, { answerWithinMs: 300 });
    await store.set('locked', 'value');
    const lock = await db.database.transaction();
    await lock.raw('lock table key_values in access exclusive mode');
    // More calls than connections, so that some wait for a connection.
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => store.get('locked')));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill('rejected'));
    await lock.rollback();
    await waitFor(async () => (await store.get('locked').catch(() => null)) === 'value');
  });

  it('opens a new connection after the server has closed the others', async () => {
    const store = open(db.url);
    await store.set('kept', 'value');
    await db.database.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'taskloom-store' and datname = current_database()`,
    );
    await waitFor(async () => (await store.get('kept').catch(() => null)) === 'value');
  });

  it('removes expired rows only', async () => {
    const store = open(db.url, { sweepEveryMs: 50 });
    await store.set('for good', 'value');
    await store.set('lasting', 'value', { ttlSeconds: 60 });
    await store.set('short', 'value', { ttlSeconds: 0.1 });
    await store.addMember('set', 'lasting', 60);
    await store.addMember('set', 'short', 0.1);
    await waitFor(async () => {
      const short = await db.database('key_values').where({ key: 'short' });
      return short.length === 0 && (await db.database('key_members').where({ member: 'short' })).length === 0;
    });
    expect(await store.get('for good')).toBe('value');
    expect(await store.get('lasting')).toBe('value');
    expect(await store.members('set')).toEqual(['lasting']);
  });
});
