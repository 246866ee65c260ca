import { PASSWORD } from '../../support/api-support';
import { faultsOf, U, useContract } from './contract-api';

const contract = useContract(['auth']);
const { anonymous, user } = contract;

const login = (body: object = {}) =>
  anonymous('POST', '/auth/login', { username: 'user', password: PASSWORD, ...body });
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const UUID4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const unique = (name: string) => ({ email: `${name}@example.org`, username: name, password: 'a long enough one' });

describe('1 POST /auth/login', () => {
  test('takes a user name, or else an e-mail', async () => {
    await contract
      .database('users')
      .insert({ username: 'a@b.example', email: 'other@example.com', hashed_password: 'x' });
    await contract.database('users').where({ username: 'root' }).update({ email: 'a@b.example' });
    // The name is tried first, and its password is another.
    expect(await login({ username: 'a@b.example' })).toMatchObject({ status: 401, body: { detail: U.badLogin } });
    for (const username of ['user@example.com', 'USER', 'User@Example.com'])
      expect([username, (await login({ username })).status]).toEqual([username, 200]);
  });

  test('answers tokens of the agreed claims; the access token lives 30 minutes or a day, the other 7 days', async () => {
    for (const [remember_me, seconds] of [
      [false, 1_800],
      ['off', 1_800],
      [true, 86_400],
      ['yes', 86_400],
      [1, 86_400],
    ]) {
      const { body } = await login({ remember_me });
      for (const [token, type, lifetime] of [
        [body.access_token, 'access_token', seconds],
        [body.refresh_token, 'refresh_token', 604_800],
      ]) {
        const claims = claimsOf(token);
        expect(claims).toMatchObject({
          sub: String(contract.api.userIds[1]),
          iat: expect.any(Number),
          exp: claims.iat + lifetime,
          jti: expect.stringMatching(UUID4),
          type,
        });
        expect(JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString())).toEqual({
          alg: 'HS256',
          typ: 'JWT',
        });
      }
      expect(Date.parse(body.expires_at)).toBe(claimsOf(body.access_token).exp * 1_000);
    }
  });

  test('refuses in one way what is wrong, in another who is inactive', async () => {
    for (const body of [
      { username: 'nobody' },
      { password: 'another horse' },
      { username: 'USER ', password: 'another horse' },
      { username: 'nobody@example.com' },
      { username: '用户' },
    ])
      expect([body, await login(body)]).toMatchObject([body, { status: 401, body: { detail: U.badLogin } }]);
    expect(await login({ username: 'idle' })).toMatchObject({ status: 403, body: { detail: U.inactive } });
  });

  test('tells all faults', async () => {
    expect(faultsOf(await anonymous('POST', '/auth/login', {}))).toEqual([
      ['missing', 'body.username'],
      ['missing', 'body.password'],
    ]);
    expect(faultsOf(await login({ username: null, password: null, remember_me: null }))).toEqual([
      ['string_type', 'body.username'],
      ['string_type', 'body.password'],
      ['bool_type', 'body.remember_me'],
    ]);
    expect(faultsOf(await login({ username: 7, password: 'horse', remember_me: 'perhaps' }))).toEqual([
      ['string_type', 'body.username'],
      ['string_too_short', 'body.password'],
      ['bool_parsing', 'body.remember_me'],
    ]);
    expect((await login({ password: 'horses' })).status).toBe(401);
  });
});

describe('2 POST /auth/register', () => {
  const register = (body: object) => anonymous('POST', '/auth/register', body);

  test('makes a user, with defaults', async () => {
    expect((await register(unique('ann'))).body).toMatchObject({
      username: 'ann',
      full_name: null,
      age: null,
      is_active: true,
      is_superuser: false,
    });
    expect((await register({ ...unique('bea'), full_name: '王 😀 — ñ', age: '0' })).body).toMatchObject({
      full_name: '王 😀 — ñ',
      age: 0,
    });
    expect((await register({ ...unique('cia'), full_name: null, age: null, nickname: 'ignored' })).status).toBe(201);
  });

  test('name, age and password have limits', async () => {
    for (const [n, username] of ['abc', 'x'.repeat(50), 'A_z-9'].entries())
      expect([username, (await register({ ...unique(`limit${n}`), username })).status]).toEqual([username, 201]);
    for (const [username, type] of [
      ['ab', 'string_too_short'],
      ['x'.repeat(51), 'string_too_long'],
      ['a b', 'string_pattern_mismatch'],
      ['abc\n', 'string_pattern_mismatch'],
      ['用户名', 'string_pattern_mismatch'],
    ])
      expect([username, faultsOf(await register({ ...unique('dora'), username }))]).toEqual([
        username,
        [[type, 'body.username']],
      ]);
    for (const [age, type] of [
      [-1, 'greater_than_equal'],
      [151, 'less_than_equal'],
      [1.5, 'int_from_float'],
      ['old', 'int_parsing'],
      [true, 'int_type'],
    ])
      expect([age, faultsOf(await register({ ...unique('dora'), age }))]).toEqual([age, [[type, 'body.age']]]);
    expect((await register({ ...unique('dora'), age: 150, password: '12ab56_8' })).status).toBe(201);
    expect(await register({ ...unique('edna'), password: '12ab56_' })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('8') },
    });
  });

  test('refuses what is taken, the e-mail first', async () => {
    await register(unique('flo'));
    expect(await register(unique('flo'))).toMatchObject({ status: 409, body: { detail: U.emailTaken } });
    expect(await register({ ...unique('flo'), email: 'flo2@example.org' })).toMatchObject({
      status: 409,
      body: { detail: U.nameTaken },
    });
  });

  test('tells all faults', async () => {
    expect(faultsOf(await register({}))).toEqual([
      ['missing', 'body.email'],
      ['missing', 'body.username'],
      ['missing', 'body.password'],
    ]);
    expect(faultsOf(await register({ email: null, username: null, password: null }))).toEqual([
      ['string_type', 'body.email'],
      ['string_type', 'body.username'],
      ['string_type', 'body.password'],
    ]);
    for (const email of [
      'nobody',
      'a@',
      '@b.org',
      'a b@c.org',
      `${'x'.repeat(250)}@example.org`,
      'a@b.org\r\nBcc: c@d.org',
      'a@b.org\0',
    ])
      expect([email, faultsOf(await register({ ...unique('gil'), email }))[0]?.[1]]).toEqual([email, 'body.email']);
  });
});

describe('3 POST /auth/refresh', () => {
  const refresh = (refresh_token: unknown) => anonymous('POST', '/auth/refresh', { refresh_token });

  test('rotates: the token is good once', async () => {
    const { body: first } = await login({ remember_me: true });
    const { status, body: second } = await refresh(first.refresh_token);
    const { iat, exp } = claimsOf(second.access_token);
    expect([status, exp - iat, second.refresh_token === first.refresh_token]).toEqual([200, 1_800, false]);
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 401, body: { detail: U.badRefresh } });
  });

  test('tells what is wrong with a token', async () => {
    const { tokens } = contract.api.app;
    for (const bad of [
      '',
      'garbage',
      'a.b.c',
      '令牌',
      tokens.issue(2, 'refresh_token', 60, 'none').token,
      'x'.repeat(100_000),
    ])
      expect(await refresh(bad)).toMatchObject({ status: 401, body: { detail: U.badRefresh } });
    for (const other of [
      tokens.issue(2, 'refresh_token', -1, 'none').token,
      tokens.issue(2, 'access_token', 60, 'none').token,
    ])
      expect((await refresh(other)).body.detail).not.toBe(U.badRefresh);
    expect(faultsOf(await refresh(undefined))).toEqual([['missing', 'body.refresh_token']]);
    expect(faultsOf(await refresh(null))).toEqual([['string_type', 'body.refresh_token']]);
  });
});

describe('4 and 5 POST /auth/revoke and /auth/logout', () => {
  test('revoke is a 204, whatever the token', async () => {
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

  test('logout is a 204 with any body or none', async () => {
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
  test('is the user of the token', async () => {
    const me = contract.withToken((await login()).body.access_token);
    expect((await me('GET', '/auth/me')).body).toMatchObject({ id: contract.api.userIds[1], username: 'user' });
    expect((await me('GET', '/auth/me?unknown=1')).status).toBe(200);
  });

  test('are listed and ended', async () => {
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

  test('is answered alike for every address', async () => {
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

  test('a token is looked at in the query or the body, and told to be good or not', async () => {
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

  test('it sets a password once, of 8 characters or more', async () => {
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

test('API keys are made, listed without their secret, used, and deleted', async () => {
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

contract.testCoverage();
