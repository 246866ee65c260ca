import { connect } from 'node:net';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestApi, PASSWORD, type TestApi } from '../../support/api-support';
import type { TemporalConnection } from '../../../src/platform/temporal';

let db: TestDatabase;
let temporal: TemporalConnection;
let api: TestApi;

beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), connectTestTemporal()]);
  api = await createTestApi({ database: db.database, temporal, app: { corsOrigins: ['https://app.example'] } });
});
afterAll(async () => {
  await api?.close();
  await temporal?.close();
  await db?.drop();
});

const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

describe('sign-in', () => {
  const login = (body: object) => api.anonymous('POST', '/auth/login', body);

  test('takes user name or e-mail, in any case', async () => {
    for (const username of ['root', 'Root', 'root@example.com', 'ROOT@EXAMPLE.com'])
      expect((await login({ username, password: PASSWORD })).status).toBe(200);
    expect((await login({ username: 'roots', password: PASSWORD })).status).toBe(401);
  });

  test('answers a token pair of the agreed claims, which lives 30 minutes, or a day', async () => {
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

  test('refuses a wrong password and an unknown user with one text, and an inactive user with another', async () => {
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

  test('reports all faults of a body, without repeating the password', async () => {
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

  test('takes JSON only', async () => {
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

  test('the token opens the door', async () => {
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

  test('tells six reasons apart', async () => {
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

  test('takes no token that chose its own algorithm', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${encode({ alg: 'none', typ: 'JWT' })}.${encode({ sub: '1', exp: 9_999_999_999, jti: 'x', type: 'access_token' })}.`;
    await refused(`Bearer ${unsigned}`);
  });

  test('stands before routing', async () => {
    await refused(undefined, '/api/v1/nothing/here');
    expect(await api.user('GET', '/nothing/here')).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
    expect(await api.anonymous('GET', '/public/nothing')).toMatchObject({ status: 404 });
  });

  test('stands before what the router cannot read, too', async () => {
    for (const id of ['%ff', 'x'.repeat(301)]) await refused(undefined, `/api/v1/tasks/executions/${id}`);
  });

  test('the scheme is read in any case', async () => {
    expect(
      (await api.app.inject({ url: '/api/v1/auth/me', headers: { authorization: `bEaReR ${api.tokens[1]}` } }))
        .statusCode,
    ).toBe(200);
  });

  test('knows users that are gone, inactive, or not superusers', async () => {
    const gone = api.withToken(api.app.tokens.issue(999_999, 'access_token', 60, 'any').token);
    expect(await gone('GET', '/auth/me')).toMatchObject({ status: 404, body: { detail: '用户不存在' } });
    expect(await api.idle('GET', '/auth/me')).toMatchObject({ status: 403, body: { detail: '用户未激活' } });
    expect(await api.user('GET', '/tasks/configs')).toMatchObject({ status: 403, body: { detail: '权限不足' } });
  });

  test('every route is as the document says: open, for users, or for superusers', async () => {
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

describe('answers', () => {
  test('a wrong method is told the right ones', async () => {
    const answer = await api.root('DELETE', '/tasks/configs');
    expect([answer.status, answer.body]).toEqual([405, { detail: 'Method Not Allowed' }]);
    expect(String(answer.headers.allow).split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
    expect((await api.root('POST', '/tasks/configs/5/next-runs')).headers.allow).toContain('GET');
  });

  test.each<[Parameters<typeof api.root>[0], string]>([
    ['PUT', '/tasks/configs/preview-schedule'],
    ['POST', '/tasks/schedules/5/history'],
    ['DELETE', '/tasks/executions/recent'],
  ])('%s %s is not taken for the path with a parameter that it fits as well', async (method, path) => {
    expect(await api.root(method, path, {})).toMatchObject({
      status: 405,
      headers: { allow: expect.stringMatching(/GET|POST/) },
    });
  });

  test('a wrong method is told so before its body is looked at, and without a token only where all is open', async () => {
    const query = await api.app.inject({
      method: 'QUERY' as 'GET',
      url: '/api/v1/tasks/configs',
      headers: { authorization: `Bearer ${api.tokens[0]}` },
    });
    expect([query.statusCode, query.json()]).toEqual([405, { detail: 'Method Not Allowed' }]);
    expect((await api.anonymous('DELETE', '/api/v1/auth/login')).status).toBe(405);
    expect((await api.anonymous('DELETE', '/api/v1/tasks/configs')).status).toBe(401);
    expect((await api.anonymous('DELETE', '/api/v1/unknown')).status).toBe(401);
  });

  test('carry an id and the time they took', async () => {
    const { headers } = await api.user('GET', '/auth/me');
    expect(headers['x-request-id']).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(headers['x-process-time']).toMatch(/^\d+\.\d{1,3}$/);
  });

  test('a trailing slash changes nothing', async () => {
    expect((await api.user('GET', '/auth/me/')).status).toBe(200);
  });

  test('a body that is too large is refused', async () => {
    expect(
      await api.anonymous('POST', '/auth/login', { username: 'x'.repeat(2_000_000), password: PASSWORD }),
    ).toMatchObject({ status: 413, body: { detail: expect.any(String) } });
  });

  test('faults of path and query are told together', async () => {
    const { status, body } = await api.root('GET', '/tasks/executions/by-config/x?limit=0');
    expect(status).toBe(422);
    expect(body.detail).toEqual([
      { type: 'int_parsing', loc: ['path', 'id'], msg: expect.any(String), input: 'x' },
      { type: 'greater_than_equal', loc: ['query', 'limit'], msg: expect.any(String), input: '0', ctx: { ge: 1 } },
    ]);
  });

  test('an address that is no UTF-8, or too long, is answered like any other', async () => {
    const garbled = await api.root('GET', '/tasks/executions/%ff');
    expect(garbled).toMatchObject({ status: 404, body: { detail: 'Execution not found' } });
    expect(garbled.headers['x-request-id']).toBeDefined();
    const long = await api.root('GET', `/tasks/executions/${'x'.repeat(301)}`);
    expect([long.status, long.body.detail[0].loc]).toEqual([422, ['path', 'id']]);
    expect(await api.root('GET', '/%')).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
  });

  test('even what is no request gets a detail', async () => {
    const listening = await createTestApi({ database: db.database, temporal });
    const { port } = new URL(await listening.app.listen({ host: '127.0.0.1', port: 0 }));
    const send = async (text: string) => {
      const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8');
      socket.write(text);
      const parts: string[] = await socket.toArray();
      return parts.join('');
    };
    expect(await send('nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [^]*\r\n\r\n\{"detail":"Bad Request"\}$/);
    expect(await send(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 [^]*\{"detail":/);
    expect(await send('GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 401 [^]*\{"detail":/,
    );
    await listening.close();
  });

  test('NUL and half characters are told where they stand, in every part of a request', async () => {
    const at = async (method: 'GET' | 'POST', path: string, body?: object) => {
      const answer = await api.root(method, path, body);
      return [
        answer.status,
        ...(answer.status === 422
          ? answer.body.detail.map((item: { type: string; loc: unknown[] }) => [item.type, item.loc.join('.')])
          : []),
      ];
    };
    expect(await at('GET', '/tasks/configs?name_search=%00&task_type=a%00')).toEqual([
      422,
      ['value_error', 'query.name_search'],
      ['value_error', 'query.task_type'],
    ]);
    expect(await at('GET', '/reddit/posts?subreddit=%00')).toEqual([422, ['value_error', 'query.subreddit']]);
    expect(await at('GET', '/tasks/executions/a%00')).toEqual([422, ['value_error', 'path.id']]);
    const config = { name: 'x', task_type: 'HEALTH_CHECK', scheduler_type: 'manual' };
    expect(await at('POST', '/tasks/configs', { ...config, name: 'nul \0', priority: 11 })).toEqual([
      422,
      ['value_error', 'body.name'],
      ['less_than_equal', 'body.priority'],
    ]);
    expect(await at('POST', '/tasks/configs', { ...config, parameters: { x: ['\ud800'] } })).toEqual([
      422,
      ['value_error', 'body.parameters.x.0'],
    ]);
    expect(await at('POST', '/tasks/configs', { ...config, parameters: { 'half \udfff': 1 } })).toEqual([
      422,
      ['value_error', 'body.parameters.half \udfff'],
    ]);
    expect(await at('POST', '/tasks/configs', { ...config, parameters: { whole: '😀' } })).toEqual([201]);
    expect(
      JSON.stringify((await api.anonymous('POST', '/auth/login', { username: 'x', password: 'secret\0' })).body),
    ).not.toContain('secret');
  });

  test('a body that is nested too deep is refused', async () => {
    const send = (url: string, payload: string) =>
      api.app.inject({
        method: 'POST',
        url: `/api/v1${url}`,
        payload,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${api.tokens[0]}` },
      });
    for (const depth of [5_000, 400_000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth);
      expect(
        (await send('/tasks/execute/by-type/HEALTH_CHECK', `{"task_params": {"x": ${deep}}}`)).json().detail,
      ).toMatchObject([{ type: 'value_error', loc: ['body', 'task_params'], input: null }]);
      expect((await send('/tasks/configs', deep)).statusCode).toBe(422);
    }
  });

  test('a failure inside is told as such, and not why', async () => {
    const broken = await createTestApi({ database: db.database, temporal });
    broken.services.executions.stats = () => Promise.reject(new Error('password of the database is secret'));
    expect(await broken.root('GET', '/tasks/executions/stats')).toMatchObject({
      status: 500,
      body: { detail: 'Internal Server Error' },
    });
    await broken.close();
  });
});

describe('cross-origin requests', () => {
  const preflight = (origin: string) =>
    api.app.inject({
      method: 'OPTIONS',
      url: '/api/v1/tasks/configs',
      headers: { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' },
    });

  test('a pre-flight needs no token', async () => {
    const answer = await preflight('https://app.example');
    expect(answer.statusCode).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'authorization',
    });
    expect(answer.headers['access-control-allow-methods']).toContain('PATCH');
  });

  test('another origin gets no permission', async () => {
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
  });

  test('a refusal carries the headers too', async () => {
    const answer = await api.anonymous('GET', '/auth/me', undefined, { origin: 'https://app.example' });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([401, 'https://app.example']);
  });
});

describe('documentation', () => {
  test('links lead to operations that are there', async () => {
    const { paths } = JSON.parse(JSON.stringify(await createOpenapiDocument())) as {
      paths: Record<
        string,
        Record<string, { responses: Record<string, { links?: Record<string, { operationRef: string }> }> }>
      >;
    };
    const refs = Object.values(paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(({ responses }) => Object.values(responses))
      .flatMap(({ links = {} }) => Object.values(links))
      .map(({ operationRef }) => operationRef);
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) {
      const [path = '', method = ''] = ref
        .replace('#/paths/', '')
        .split('/')
        .map((part) => part.replaceAll('~1', '/'));
      expect([ref, paths[path]?.[method]]).toEqual([ref, expect.anything()]);
    }
  });

  test('is open, and its page may load its own scripts', async () => {
    const document = await api.app.inject({ url: '/openapi.json' });
    expect([document.statusCode, document.json().openapi]).toEqual([200, '3.1.0']);
    const page = await api.app.inject({ url: '/docs/' });
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('upgrade-insecure-requests');
    // Swagger UI styles elements from its scripts, and each would be an error in the console.
    expect(policy).toContain("style-src 'self' 'unsafe-inline'");
    expect(page.body).toContain('<title>Taskloom API</title>');
    const initializer = await api.app.inject({ url: '/docs/static/swagger-initializer.js' });
    expect(initializer.body).toContain('"layout":"BaseLayout"');
    expect((await api.app.inject({ url: '/docs/static/theme/taskloom.css' })).statusCode).toBe(200);
    const scripts = [...page.body.matchAll(/src="([^"]+)"/g)].map(
      (match) => new URL(match[1] ?? '', 'http://localhost/docs/').pathname,
    );
    expect(scripts.length).toBeGreaterThan(1);
    for (const script of scripts)
      expect([script, (await api.app.inject({ url: script })).statusCode]).toEqual([script, 200]);
  });

  test('the probe of life is open', async () => {
    expect((await api.app.inject({ url: '/health/live' })).json()).toEqual({ status: 'ok' });
    expect((await api.app.inject({ url: '/health/ready' })).json()).toMatchObject({
      status: 'ok',
      components: { database: { status: 'healthy' } },
    });
  });
});
