import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

let { api } = {} as TestStack;
useTestApi('file', (stack) => ({ api } = stack));

const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

describe('a login', () => {
  const login = (body: object) => api.anonymous('POST', '/auth/login', body);

  test('accepts the user name or e-mail address in any case', async () => {
    for (const username of ['root', 'Root', 'root@example.com', 'ROOT@EXAMPLE.com'])
      expect((await login({ username, password: PASSWORD })).status).toBe(200);
    expect((await login({ username: 'roots', password: PASSWORD })).status).toBe(401);
  });

  test('answers with a token pair that lasts 30 minutes, or a day with remember_me', async () => {
    const { body } = await login({ username: 'root', password: PASSWORD });
    expect(body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'bearer',
      expires_at: expect.stringMatching(/Z$/),
    });
    const access = claims(body.access_token);
    expect(access).toEqual({
      sub: String(api.userIds[0]),
      iat: expect.any(Number),
      exp: access.iat + 1_800,
      jti: expect.any(String),
      sid: expect.any(String),
      type: 'access_token',
    });
    expect(new Date(body.expires_at).getTime()).toBe(access.exp * 1_000);
    const refresh = claims(body.refresh_token);
    expect(refresh).toMatchObject({ type: 'refresh_token', exp: refresh.iat + 7 * 86_400 });

    const remembered = claims(
      (await login({ username: 'root', password: PASSWORD, remember_me: true })).body.access_token,
    );
    expect(remembered.exp - remembered.iat).toBe(86_400);
  });

  test('refuses wrong passwords and unknown users with one text, and inactive users with another', async () => {
    for (const body of [
      { username: 'root', password: 'wrong horse' },
      { username: 'nobody', password: PASSWORD },
    ]) {
      const answer = await login(body);
      expect([answer.status, answer.body, answer.headers['www-authenticate']]).toEqual([
        401,
        { detail: '用户名或密码不正确' },
        'Bearer',
      ]);
    }
    expect(await login({ username: 'idle', password: PASSWORD })).toMatchObject({
      status: 403,
      body: { detail: '用户未激活' },
    });
  });

  test('reports all faults of a body without repeating the password', async () => {
    const { status, body } = await login({ password: 'short', remember_me: 'maybe' });
    expect(status).toBe(422);
    expect(body.detail).toEqual([
      {
        type: 'missing',
        loc: ['body', 'username'],
        msg: 'Field required',
        input: { password: '***', remember_me: 'maybe' },
      },
      {
        type: 'string_too_short',
        loc: ['body', 'password'],
        msg: expect.any(String),
        input: '***',
        ctx: { min_length: 6 },
      },
      { type: 'bool_parsing', loc: ['body', 'remember_me'], msg: expect.any(String), input: 'maybe' },
    ]);
  });

  test('accepts JSON only', async () => {
    const send = (payload: string, type?: string) =>
      api.app.inject({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload,
        headers: type === undefined ? {} : { 'content-type': type },
      });
    expect((await send('', 'application/json')).json()).toEqual({
      detail: [{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }],
    });
    const malformed = await send('{"username": ', 'application/json');
    expect(malformed.statusCode).toBe(422);
    expect(malformed.json().detail).toMatchObject([{ type: 'json_invalid', loc: ['body', 13] }]);
    expect(
      (await send(`username=root&password=${PASSWORD}`, 'application/x-www-form-urlencoded')).json().detail,
    ).toMatchObject([{ type: 'dict_type', loc: ['body'] }]);
    expect((await send(JSON.stringify({ username: 'root', password: PASSWORD }))).statusCode).toBe(200);
  });

  test('gives a token that authenticates its user', async () => {
    const { body } = await login({ username: 'user', password: PASSWORD });
    const me = await api.withToken(body.access_token as string)('GET', '/auth/me');
    expect(me).toMatchObject({
      status: 200,
      body: {
        id: api.userIds[1],
        username: 'user',
        email: 'user@example.com',
        full_name: null,
        age: null,
        is_active: true,
        is_superuser: false,
      },
    });
    expect(Object.keys(me.body)).not.toContain('hashed_password');
  });
});

describe('authentication', () => {
  const refused = async (authorization?: string, url = '/api/v1/auth/me') => {
    const answer = await api.app.inject({
      method: 'GET',
      url,
      headers: authorization === undefined ? {} : { authorization },
    });
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    return answer.json<{ detail: string }>().detail;
  };

  test('distinguishes six reasons for a refusal', async () => {
    const { tokens } = api.app;
    const good = api.tokens[1] ?? '';
    const texts = [
      await refused(),
      await refused('Bearer'),
      await refused(`Basic ${good}`),
      await refused(`Bearer ${tokens.issue(1, 'access_token', -10, 'any').token}`),
      await refused(`Bearer ${good.slice(0, -4)}AAAA`),
      await refused(`Bearer ${tokens.issue(1, 'refresh_token', 60, 'any').token}`),
    ];
    expect(new Set(texts).size).toBe(6);
    expect(await refused('Bearer garbage')).toBe(texts[4]);
  });

  test('refuses a token without an algorithm', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const payload = { sub: '1', exp: 9_999_999_999, jti: 'x', type: 'access_token' };
    await refused(`Bearer ${encode({ alg: 'none', typ: 'JWT' })}.${encode(payload)}.`);
  });

  test('happens before routing', async () => {
    await refused(undefined, '/api/v1/nothing/here');
    expect(await api.user('GET', '/nothing/here')).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
    expect(await api.anonymous('GET', '/public/nothing')).toMatchObject({ status: 404 });
  });

  test('happens before the router refuses an unreadable path', async () => {
    for (const id of ['%ff', 'x'.repeat(301)]) await refused(undefined, `/api/v1/tasks/executions/${id}`);
  });

  test('reads the scheme in any case', async () => {
    expect(
      (await api.app.inject({ url: '/api/v1/auth/me', headers: { authorization: `bEaReR ${api.tokens[1]}` } }))
        .statusCode,
    ).toBe(200);
  });

  test('refuses users that are deleted, inactive, or not admins', async () => {
    const gone = api.withToken(api.app.tokens.issue(999_999, 'access_token', 60, 'any').token);
    expect(await gone('GET', '/auth/me')).toMatchObject({ status: 404, body: { detail: '用户不存在' } });
    expect(await api.idle('GET', '/auth/me')).toMatchObject({ status: 403, body: { detail: '用户未激活' } });
    expect(await api.user('GET', '/tasks/configs')).toMatchObject({ status: 403, body: { detail: '权限不足' } });
  });

  test('guards every route as the document says: public, for users, or for admins', async () => {
    const document = (await createOpenapiDocument()) as {
      paths: Record<string, Record<string, { security?: object[] }>>;
    };
    const open: string[] = [];
    for (const [route, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const url = route.replace(/\{\w+\}/g, '1');
        const ask = (token?: string) =>
          api.app.inject({
            method: method.toUpperCase() as 'GET',
            url,
            headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
          });
        if (!security) open.push(route);
        else expect([route, (await ask()).statusCode]).toEqual([route, 401]);
        if (route.startsWith('/api/v1/tasks'))
          expect([route, (await ask(api.tokens[1])).statusCode]).toEqual([route, 403]);
      }
    }
    expect(open).toEqual([
      '/health/live',
      '/health/ready',
      '/api/v1/auth/login',
      '/api/v1/auth/register',
      '/api/v1/auth/refresh',
      '/api/v1/auth/forgot-password',
      '/api/v1/auth/verify-reset-token',
      '/api/v1/auth/reset-password',
    ]);
  });
});
