import { PASSWORD } from '../../support/api-support';
import { faultsOf, U, useContract } from './contract-api';

const contract = useContract(['auth']);
const { anonymous } = contract;
const login = (body: object = {}) =>
  anonymous('POST', '/auth/login', { username: 'user', password: PASSWORD, ...body });
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const UUID4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const unique = (name: string) => ({ email: `${name}@example.org`, username: name, password: 'a long enough one' });

describe('1 POST /auth/login', () => {
  test('accepts a user name, or else an e-mail', async () => {
    await contract
      .database('users')
      .insert({ username: 'a@b.example', email: 'other@example.com', hashed_password: 'x' });
    await contract.database('users').where({ username: 'root' }).update({ email: 'a@b.example' });
    // The name is tried first, and its password is another.
    expect(await login({ username: 'a@b.example' })).toMatchObject({ status: 401, body: { detail: U.badLogin } });
    for (const username of ['user@example.com', 'USER', 'User@Example.com'])
      expect([username, (await login({ username })).status]).toEqual([username, 200]);
  });

  test('issues tokens with the agreed claims: access for 30 minutes or a day, refresh for 7 days', async () => {
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

  test('refuses wrong credentials with 401 and inactive users with 403', async () => {
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

  test('reports all faults', async () => {
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

  test('creates a user, with defaults', async () => {
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

  test('enforces the limits of name, age and password', async () => {
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

  test('refuses a taken e-mail or name, the e-mail first', async () => {
    await register(unique('flo'));
    expect(await register(unique('flo'))).toMatchObject({ status: 409, body: { detail: U.emailTaken } });
    expect(await register({ ...unique('flo'), email: 'flo2@example.org' })).toMatchObject({
      status: 409,
      body: { detail: U.nameTaken },
    });
  });

  test('reports all faults', async () => {
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

  test('rotates: a token is accepted once', async () => {
    const { body: first } = await login({ remember_me: true });
    const { status, body: second } = await refresh(first.refresh_token);
    const { iat, exp } = claimsOf(second.access_token);
    expect([status, exp - iat, second.refresh_token === first.refresh_token]).toEqual([200, 1_800, false]);
    expect(await refresh(first.refresh_token)).toMatchObject({ status: 401, body: { detail: U.badRefresh } });
  });

  test('reports what is wrong with a token', async () => {
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

contract.testCoverage(/(login|register|refresh)$/);
