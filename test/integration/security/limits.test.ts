import { createHash, randomUUID } from 'node:crypto';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import type { KeyValueStore } from '../../../src/platform/key-value-store/key-value-store';
import { PASSWORD, storeUrlOf, type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack), {
  areAttemptsLimited: true,
  app: { trustedProxies: ['127.0.0.1/32'] },
});
let store: KeyValueStore;
beforeAll(async () => {
  store = createKeyValueStore(await storeUrlOf(db.database));
});
afterAll(() => store?.close());

const subjectKey = (rule: string, subject: string) =>
  `auth:attempts:login:${rule}:${createHash('sha256').update(subject).digest('hex')}`;
let host = 0;
const login = (username: string, password: string, address = `198.51.100.${host++ % 250}`) =>
  api.anonymous('POST', '/auth/login', { username, password }, { 'x-forwarded-for': address });

/** The Retry-After (s) of each attempt beyond the free ones. The waits themselves are skipped. */
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

test('each wrong password beyond the free ones doubles the wait, to a minute at most, for any user name', async () => {
  const nobody = `nobody-${randomUUID()}`;
  const known = `known-${randomUUID().slice(0, 8)}`;
  await db.database('users').where({ username: 'user' }).update({ username: known });
  for (const username of [known, nobody]) {
    const waits = await waitsOf(() => login(username, 'wrong horse'), subjectKey('account', username), 10);
    // Retry-After is in whole seconds, rounded up.
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
  // Another account at another address need not wait.
  expect((await login('root', PASSWORD, '203.0.113.9')).status).toBe(200);
});
