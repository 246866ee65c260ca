import { createHash, randomUUID } from 'node:crypto';
import { createKeyValueStore, type KeyValueStore } from '../../../src/platform/key-value-store/key-value-store';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestApi, PASSWORD, type TestApi, storeUrlOf } from '../../support/api-support';
import type { TemporalConnection } from '../../../src/platform/temporal';

let db: TestDatabase;
let temporal: TemporalConnection;
let api: TestApi;
let store: KeyValueStore;
beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), connectTestTemporal()]);
  api = await createTestApi({
    database: db.database,
    temporal,
    areAttemptsLimited: true,
    app: { trustedProxies: ['127.0.0.1'] },
  });
  store = createKeyValueStore(await storeUrlOf(db.database));
});
afterAll(async () => {
  await store?.close();
  await api?.close();
  await temporal?.close();
  await db?.drop();
});

const subjectKey = (rule: string, subject: string) =>
  `auth:attempts:login:${rule}:${createHash('sha256').update(subject).digest('hex')}`;
let host = 0;
const login = (username: string, password: string, address = `198.51.100.${host++ % 250}`) =>
  api.anonymous('POST', '/auth/login', { username, password }, { 'x-forwarded-for': address });

/** How long one is told to wait after each further attempt; the waits themselves are cut short. */
async function waitsOf(attempt: () => ReturnType<typeof login>, key: string, free: number): Promise<number[]> {
  for (let n = 0; n < free; n++) expect([n, (await attempt()).status]).toEqual([n, 401]);
  const waits = [];
  for (let n = 0; n < 6; n++) {
    const { status, headers } = await attempt();
    expect(status).toBe(429);
    waits.push(Number(headers['retry-after']));
    await store.delete(`${key}:wait`);
    expect((await attempt()).status).toBe(401);
  }
  return waits;
}

test('each wrong password beyond the free ones costs twice the wait of the one before, up to a minute, whether or not there is such a user', async () => {
  const nobody = `nobody-${randomUUID()}`;
  const known = `known-${randomUUID().slice(0, 8)}`;
  await db.database('users').where({ username: 'user' }).update({ username: known });
  for (const username of [known, nobody]) {
    const waits = await waitsOf(() => login(username, 'wrong horse'), subjectKey('account', username), 10);
    // In whole seconds, of which the one that runs counts.
    expect([username, waits.map((wait, index) => Math.abs(wait - Math.min(4 * 2 ** index, 60)) <= 1)]).toEqual([
      username,
      Array(6).fill(true),
    ]);
  }
  const address = `2001:db8::${randomUUID().slice(0, 4)}`;
  const waits = await waitsOf(
    () => login(`nobody-${randomUUID()}`, 'wrong horse', address),
    subjectKey('address', '2001:db8::/64'),
    50,
  );
  expect(waits.map((wait, index) => Math.abs(wait - Math.min(4 * 2 ** index, 60)) <= 1)).toEqual(Array(6).fill(true));
  // Another account, from elsewhere, waits for nothing.
  expect((await login('root', PASSWORD, '203.0.113.9')).status).toBe(200);
});
