import { createHash, randomUUID } from 'node:crypto';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import { createRateLimits } from '../../../src/api/services/accounts/rate-limits';
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
  for (let n = 0; n < 10; n++) {
    const { status, headers } = await attempt();
    expect(status).toBe(429);
    waits.push(Number(headers['retry-after']));
    await store.delete(`${key}:wait`);
    expect((await attempt()).status).toBe(401);
  }
  return waits;
}
/** Retry-After is in whole seconds, rounded up. */
const areDoubling = (waits: number[], longest: number) =>
  waits.every((wait, index) => Math.abs(wait - Math.min(4 * 2 ** index, longest)) <= 1);

test('each wrong password beyond the free ones doubles the wait of that network, for any user name', async () => {
  const known = `known-${randomUUID().slice(0, 8)}`;
  await db.database('users').where({ username: 'user' }).update({ username: known });
  for (const username of [known, `nobody-${randomUUID()}`]) {
    const key = subjectKey('pair', `${username} 198.51.100.1`);
    const waits = await waitsOf(() => login(username, 'wrong horse', '198.51.100.1'), key, 10);
    expect([username, waits, areDoubling(waits, 900)]).toEqual([username, waits, true]);
  }
  const waits = await waitsOf(
    () => login(`nobody-${randomUUID()}`, 'wrong horse', `2001:db8::${randomUUID().slice(0, 4)}`),
    subjectKey('address', '2001:db8::/64'),
    50,
  );
  expect([waits, areDoubling(waits, 60)]).toEqual([waits, true]);
  // Another account at another address need not wait.
  expect((await login('root', PASSWORD, '203.0.113.9')).status).toBe(200);
});

test('guesses over many networks are bounded, and do not keep the owner out of the known ones', async () => {
  const [home, elsewhere] = ['203.0.113.20', '203.0.113.21'];
  expect((await login('root', PASSWORD, home)).status).toBe(200);
  // What three hundred networks with one guess each leave behind.
  for (let n = 0; n < 300; n++) await store.increment(subjectKey('account', 'root'), { ttlSeconds: 600 });
  expect((await login('root', 'wrong horse', '198.51.100.7')).status).toBe(401);
  for (const password of ['wrong horse', PASSWORD])
    expect((await login(' ROOT ', password, elsewhere)).status).toBe(429);
  // By name and by e-mail, and after a typing error too.
  expect((await login('root', 'wrong horse', home)).status).toBe(401);
  expect((await login('root', PASSWORD, home)).status).toBe(200);
  expect((await login('root@example.com', PASSWORD, home)).status).toBe(200);
});

test('one network alone, however patient, does not use up what an account has free', async () => {
  const account = `nobody-${randomUUID()}`;
  const key = subjectKey('pair', `${account} 198.51.100.9`);
  await waitsOf(() => login(account, 'wrong horse', '198.51.100.9'), key, 10);
  // Ten free attempts, then those after 4, 8, … 512 s and every 15 minutes: some 110 in a day of 300.
  expect(Number(await store.get(subjectKey('account', account)))).toBe(20);
  const { headers } = await login(account, 'wrong horse', '198.51.100.9');
  expect(Number(headers['retry-after'])).toBeGreaterThan(890);
});

test('a mailbox gets three mails in an hour, ten in a day, and then one an hour, without a word', async () => {
  const limits = createRateLimits({ store, isOn: true });
  const mailbox = randomUUID();
  const ask = async (count: number) => {
    const answers = [];
    for (let n = 0; n < count; n++) answers.push(await limits.mayMail(`${mailbox}+${n}@Example.org`));
    return answers.filter(Boolean).length;
  };
  const nextHour = () =>
    store.delete(`auth:mails:${createHash('sha256').update(`${mailbox}@example.org`).digest('hex')}:hour`);
  const sent = [];
  for (let hour = 0; hour < 6; hour++) {
    sent.push(await ask(4));
    await nextHour();
  }
  expect(sent).toEqual([3, 3, 2, 1, 1, 1]);
  expect(await limits.mayMail(`${randomUUID()}@example.org`)).toBe(true);
});

test('a stranger who asks for resets again and again is answered alike, and changes the link three times', async () => {
  const links = new Set<string>();
  for (let n = 0; n < 8; n++) {
    const answer = await api.anonymous(
      'POST',
      '/auth/forgot-password',
      { email: 'root@example.com' },
      { 'x-forwarded-for': `198.51.100.${n}` },
    );
    expect(answer.status).toBe(200);
    await api.services.resets.settle();
    const rows = await db.database('password_resets').select<{ public_id: string }[]>('public_id');
    for (const { public_id } of rows) links.add(public_id);
  }
  expect(links.size).toBe(3);
});

test.each(['r\u0130oot', 'ro\u1d0ft', '\uff52oot', 'root\u200b', 'r\u00f3ot'])('%j is not root', async (spelling) => {
  expect((await login(spelling, PASSWORD, '203.0.113.30')).status).toBe(401);
});
