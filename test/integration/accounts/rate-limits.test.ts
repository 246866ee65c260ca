import { randomUUID } from 'node:crypto';
import { waitFor } from '../../support/process';
import { createTestApi, PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
// A database, and with it a store, of its own for each test: all of them come from one address.
useTestApi('test', (stack) => ({ db, temporal, api } = stack), {
  areAttemptsLimited: true,
  app: { trustedProxies: ['127.0.0.1/32'] },
});

const from = (address: string) => ({ 'x-forwarded-for': address });
const login = (username: string, password: string, address = '192.0.2.1') =>
  api.anonymous('POST', '/auth/login', { username, password }, from(address));
const times = (count: number) => Array.from({ length: count }, (_, index) => index);
async function expectRefusal(answer: Promise<{ status: number; body: unknown; headers: Record<string, unknown> }>) {
  const { status, body, headers } = await answer;
  expect([status, body]).toEqual([429, { detail: expect.any(String) }]);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
}

test('delays a network after ten wrong passwords for an account, whether it exists or not, and no other', async () => {
  for (const username of ['user', 'nobody']) {
    for (const index of times(10)) expect([index, (await login(username, 'wrong horse')).status]).toEqual([index, 401]);
    await expectRefusal(login(username, 'wrong horse'));
    expect((await login(username, 'wrong horse', '192.0.2.2')).status).toBe(401);
  }
  expect((await login('root', PASSWORD)).status).toBe(200);
  expect((await login('user', PASSWORD, '192.0.2.2')).status).toBe(200);
});

test.each([
  ['user', ['user', ' USER ', 'User', 'uSeR', 'USER ']],
  ['nobody', ['nobody', 'NOBODY', ' nobody', 'Nobody ', 'nobody']],
])('%s counts as one, however spelt', async (_, spellings) => {
  for (const index of times(10))
    expect([index, (await login(spellings[index % 5]!, 'wrong horse')).status]).toEqual([index, 401]);
  for (const spelling of spellings) await expectRefusal(login(spelling, 'wrong horse'));
});

test('does not reveal by delays which user name and e-mail belong together', async () => {
  for (const _ of times(10)) await login('user', 'wrong horse');
  await expectRefusal(login('user', 'wrong horse'));
  for (const email of ['user@example.com', 'nobody@example.com'])
    expect([email, (await login(email, 'wrong horse')).status]).toEqual([email, 401]);
});

test('counts an IPv6 network as one address, and mapped addresses as IPv4', async () => {
  for (const index of times(50)) await login(`nobody-${index}`, 'wrong horse', `2001:db8:0:1::${index.toString(16)}:1`);
  await expectRefusal(login('root', PASSWORD, '2001:DB8:0:1:ffff::1'));
  expect((await login('root', PASSWORD, '2001:db8:0:2::1')).status).toBe(200);
  for (const index of times(50))
    await login(`nobody-${index}`, 'wrong horse', index % 2 ? '::ffff:192.0.2.7' : '192.0.2.7');
  await expectRefusal(login('root', PASSWORD, '192.0.2.7'));
  expect((await login('root', PASSWORD, '::ffff:192.0.2.8')).status).toBe(200);
});

test('counts garbage refresh tokens; a good token is never delayed', async () => {
  const refresh = (token: string) =>
    api.anonymous('POST', '/auth/refresh', { refresh_token: token }, from('192.0.2.1'));
  for (const index of times(100)) expect([index, (await refresh(`x${index}`)).status]).toEqual([index, 401]);
  await expectRefusal(refresh('x100'));
  const { body: good } = await login('user', PASSWORD);
  const { status, body } = await refresh(good.refresh_token);
  expect([status, (await refresh(body.refresh_token)).status]).toEqual([200, 200]);
  // Spent: it ends its session, although its bearer has to wait, and that is in the log.
  const { headers } = await refresh(good.refresh_token);
  await expectRefusal(refresh(good.refresh_token));
  expect((await api.withToken(body.access_token)('GET', '/auth/me')).status).toBe(401);
  expect((await api.root('GET', `/audit-log?request_id=${String(headers['x-request-id'])}`)).body).toMatchObject([
    { status: 429, details: { is_replayed: true } },
  ]);
});

test('does not count successful resets and verifications as wrong tokens', async () => {
  const [user] = await db.database('users').where({ username: 'user' }).select('id');
  for (const index of times(32)) {
    const id = randomUUID();
    await db.database('password_resets').where({ user_id: user.id }).del();
    await db.database('password_resets').insert({
      user_id: user.id,
      public_id: id,
      token_hash: api.resetTokens.hashOf(id),
      expires_at: new Date(Date.now() + 60_000),
    });
    const token = api.resetTokens.tokenOf(id);
    expect([index, (await api.anonymous('POST', '/auth/verify-reset-token', { token })).body.success]).toEqual([
      index,
      true,
    ]);
    if (index % 4 === 0)
      expect([
        index,
        (await api.anonymous('POST', '/auth/reset-password', { token, new_password: PASSWORD })).status,
      ]).toEqual([index, 200]);
  }
  // Had each of them counted, the wrong ones would have to wait.
  for (const index of times(30))
    expect([
      index,
      (await api.anonymous('POST', '/auth/verify-reset-token', { token: 'guessed' })).body.success,
    ]).toEqual([index, false]);
  await expectRefusal(api.anonymous('POST', '/auth/reset-password', { token: 'guessed', new_password: PASSWORD }));
});

test('delays the right password too, and then clears the counters', async () => {
  for (const index of times(9)) expect([index, (await login('user', 'wrong horse')).status]).toEqual([index, 401]);
  expect((await login('user', PASSWORD)).status).toBe(200);
  for (const index of times(10)) expect([index, (await login('user', 'wrong horse')).status]).toEqual([index, 401]);
  await expectRefusal(login('user', PASSWORD));
  await waitFor(async () => (await login('user', PASSWORD)).status === 200);
  expect((await login('user', 'wrong horse')).status).toBe(401);
});

test('answers ten of forty concurrent guesses', async () => {
  const answers = await Promise.all(times(40).map((index) => login('user', `wrong horse ${index}`)));
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(30);
});

test('delays an address that tries many accounts, and no other', async () => {
  for (const index of times(50))
    expect([index, (await login(`nobody-${index}`, 'wrong horse')).status]).toEqual([index, 401]);
  await expectRefusal(login('root', PASSWORD));
  expect((await login('root', PASSWORD, '192.0.2.2')).status).toBe(200);
});

test('limits registering, refreshing, forgetting and resetting too', async () => {
  const post = (path: string, body: object) => api.anonymous('POST', path, body, from('192.0.2.1'));
  const cases: [path: string, free: number, status: number, body: object][] = [
    ['/auth/register', 60, 400, { email: 'ann@example.org', username: 'ann', password: 'short' }],
    [
      '/auth/refresh',
      100,
      401,
      { refresh_token: api.app.tokens.issue(1, 'refresh_token', 60, 'no such session').token },
    ],
    ['/auth/forgot-password', 30, 200, { email: 'nobody@example.org' }],
    ['/auth/reset-password', 30, 400, { token: 'guessed', new_password: 'a long enough one' }],
  ];
  for (const [path, free, status, body] of cases) {
    for (const index of times(free))
      expect([path, index, (await post(path, body)).status]).toEqual([path, index, status]);
    await expectRefusal(post(path, body));
  }
});

test('ignores forwarded addresses without a trusted proxy', async () => {
  const unproxied = await createTestApi({ database: db.database, temporal });
  await unproxied.anonymous('POST', '/auth/login', { username: 'user', password: PASSWORD }, from('192.0.2.1'));
  const { body } = await unproxied.user('GET', '/auth/sessions');
  expect(new Set(body.map(({ address }: { address: string }) => address))).toEqual(new Set(['127.0.0.1']));
  await unproxied.close();
});
