import { PASSWORD } from '../../support/api-support';
import { faultsOf, useContract } from './contract-api';

const contract = useContract(['auth']);
const { anonymous, user } = contract;
const login = (body: object = {}) =>
  anonymous('POST', '/auth/login', { username: 'user', password: PASSWORD, ...body });
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

describe('4 and 5 POST /auth/revoke and /auth/logout', () => {
  test('revoke answers 204, whatever the token', async () => {
    const { body } = await login();
    for (const what of [
      { token: 'unknown' },
      { token: '' },
      { token: body.refresh_token, token_type: 'something' },
      { token: body.refresh_token },
      { token: body.refresh_token },
    ])
      expect(await user('POST', '/auth/revoke', what)).toMatchObject({ status: 204, text: '' });
    expect(await anonymous('POST', '/auth/refresh', { refresh_token: body.refresh_token })).toMatchObject({
      status: 401,
    });
    expect(faultsOf(await user('POST', '/auth/revoke', {}))).toEqual([['missing', 'body.token']]);
    expect(faultsOf(await user('POST', '/auth/revoke', { token: 1, token_type: null }))).toEqual([
      ['string_type', 'body.token'],
      ['string_type', 'body.token_type'],
    ]);
  });

  test('logout answers 204 with any body or none', async () => {
    for (const more of [
      {},
      { payload: '{}', type: 'application/json' },
      { payload: '', type: 'application/json' },
      { payload: 'nonsense', type: 'application/json' },
      { payload: 'x=1', type: 'garbage' },
      { payload: 'x' },
    ]) {
      const { access_token } = (await login()).body;
      const answer = await contract.api.app.inject({
        method: 'POST',
        url: '/api/v1/auth/logout',
        payload: more.payload,
        headers: {
          authorization: `Bearer ${access_token}`,
          ...(more.type === undefined ? {} : { 'content-type': more.type }),
        },
      });
      expect([more, answer.statusCode, answer.body]).toEqual([more, 204, '']);
      expect((await contract.withToken(access_token)('POST', '/auth/logout')).status).toBe(401);
    }
  });
});

describe('6 GET /auth/me, and sessions', () => {
  test('returns the user of the token', async () => {
    const me = contract.withToken((await login()).body.access_token);
    expect((await me('GET', '/auth/me')).body).toMatchObject({ id: contract.api.userIds[1], username: 'user' });
    expect((await me('GET', '/auth/me?unknown=1')).status).toBe(200);
  });

  test('lists sessions and ends them', async () => {
    const [mine, other] = [(await login()).body, (await login()).body];
    const me = contract.withToken(mine.access_token);
    const { body } = await me('GET', '/auth/sessions');
    expect(body.filter((session: { is_current: boolean }) => session.is_current)).toHaveLength(1);
    const { sid } = claimsOf(other.access_token);
    expect(await me('DELETE', `/auth/sessions/${sid}`)).toMatchObject({ status: 204, text: '' });
    for (const id of [sid, 'unknown', '用户', '%25'])
      expect((await me('DELETE', `/auth/sessions/${encodeURIComponent(id)}`)).status).toBe(404);
    expect(faultsOf(await me('DELETE', `/auth/sessions/${'x'.repeat(101)}`))).toEqual([['string_too_long', 'path.id']]);
  });
});

describe('7 to 9, a forgotten password', () => {
  const forgot = (email: unknown) => anonymous('POST', '/auth/forgot-password', { email });
  const reset = (token: unknown, new_password: unknown = 'yet another one') =>
    anonymous('POST', '/auth/reset-password', { token, new_password });
  const verify = (query: string, body?: object) => anonymous('POST', `/auth/verify-reset-token${query}`, body);
  async function askToken() {
    await forgot('user@example.com');
    await contract.api.services.resets.settle();
    const { public_id: id } = await contract
      .database('password_resets')
      .where({ user_id: contract.api.userIds[1] })
      .first();
    return contract.api.resetTokens.tokenOf(id);
  }

  test('forgot-password answers alike for every address', async () => {
    const answers = [
      await forgot('user@example.com'),
      await forgot('nobody@example.com'),
      await forgot('idle@example.com'),
      await forgot('USER@EXAMPLE.COM'),
    ];
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    for (const email of [undefined, null, 5, '', 'nobody', 'a@b.org\r\n'])
      expect([email, faultsOf(await forgot(email))[0]?.[1]]).toEqual([email, 'body.email']);
  });

  test('verify-reset-token takes the token from query or body, and tells whether it is valid', async () => {
    const token = await askToken();
    for (const answer of [
      await verify(`?token=${token}`, {}),
      await verify(`?token=${token}`),
      await verify('', { token }),
      await verify(`?token=${token}`, { token: 'other' }),
    ])
      expect(answer).toMatchObject({ status: 200, body: { success: true } });
    for (const bad of ['', 'x', '%20', '%E4%BB%A4', "'%20OR%201=1%20--", 'x'.repeat(10_000)])
      expect([bad, (await verify(`?token=${bad}`, {})).body.success]).toEqual([bad, false]);
    for (const body of [undefined, {}, { other: 1 }])
      expect(faultsOf(await verify('', body))).toEqual([['missing', 'query.token']]);
    expect(faultsOf(await verify('', { token: 5 }))).toEqual([['string_type', 'body.token']]);
  });

  test('reset-password sets a password once, of 8 characters or more', async () => {
    const token = await askToken();
    expect(faultsOf(await reset(token, '1234567'))).toEqual([['string_too_short', 'body.new_password']]);
    expect(faultsOf(await reset(null, null))).toEqual([
      ['string_type', 'body.token'],
      ['string_type', 'body.new_password'],
    ]);
    expect(faultsOf(await anonymous('POST', '/auth/reset-password', {}))).toEqual([
      ['missing', 'body.token'],
      ['missing', 'body.new_password'],
    ]);
    expect((await reset(token)).body).toMatchObject({ success: true });
    expect((await login({ password: 'yet another one' })).status).toBe(200);
    for (const used of [token, 'garbage', '', '令牌'])
      expect([used, await reset(used)]).toMatchObject([used, { status: 400, body: { detail: expect.any(String) } }]);
  });
});

test('API keys are created, listed without the secret, used and deleted', async () => {
  const made = await contract.root('POST', '/auth/api-keys', { name: 'nightly', scope: 'read', expires_in_days: 1 });
  expect(made).toMatchObject({
    status: 201,
    body: {
      name: 'nightly',
      scope: 'read',
      is_expired: false,
      last_used_at: null,
      key: expect.stringMatching(/^tlk_/),
    },
  });
  expect((await contract.withToken(made.body.key as string)('GET', '/auth/me')).status).toBe(200);
  const [listed] = (await contract.root('GET', '/auth/api-keys')).body;
  expect([listed.id, 'key' in listed]).toEqual([made.body.id, false]);
  expect(
    faultsOf(await contract.root('POST', '/auth/api-keys', { name: ' ', scope: 'all', expires_in_days: 0 })).map(
      ([, loc]) => loc,
    ),
  ).toEqual(['body.name', 'body.scope', 'body.expires_in_days']);
  expect((await contract.root('DELETE', `/auth/api-keys/${listed.id}`)).status).toBe(204);
  expect((await contract.root('DELETE', `/auth/api-keys/${listed.id}`)).status).toBe(404);
  expect((await contract.withToken(made.body.key as string)('GET', '/auth/me')).status).toBe(401);
});

contract.testCoverage(/(revoke|logout|me|password|reset-token|sessions|sessions\/\{id\}|api-keys|api-keys\/\{id\})$/);
