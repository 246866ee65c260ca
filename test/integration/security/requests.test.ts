import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestApi, insertExecution, PASSWORD, type TestApi } from '../../support/api-support';
import type { TemporalConnection } from '../../../src/platform/temporal';

const ORIGIN = 'https://app.example';
const JSON_TYPE = { 'content-type': 'application/json' };
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD' | 'TRACE';

let db: TestDatabase;
let temporal: TemporalConnection;
let api: TestApi;
let port: number;
let writing: { name: string; method: Method; url: string; hasBody: boolean }[];
beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), connectTestTemporal()]);
  api = await createTestApi({ database: db.database, temporal, app: { corsOrigins: [ORIGIN] } });
  port = Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port);
  const { paths } = (await createOpenapiDocument()) as {
    paths: Record<string, Record<string, { requestBody?: object }>>;
  };
  writing = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) =>
      ['post', 'put', 'patch'].includes(method)
        ? [
            {
              name: `${method} ${path}`,
              method: method.toUpperCase() as Method,
              url: path.replace('{action}', 'stop').replace(/\{\w+\}/g, '999999'),
              hasBody: requestBody !== undefined,
            },
          ]
        : [],
    ),
  );
});
afterAll(async () => {
  await api?.close();
  await temporal?.close();
  await db?.drop();
});

const inject = (method: Method, url: string, headers: Record<string, string> = {}, payload?: string | Buffer) =>
  api.app.inject({
    method: method as 'GET',
    url,
    headers: { authorization: `Bearer ${api.tokens[0]}`, ...headers },
    payload,
  });
/** Sends it as it is, and answers all that comes back. */
function onSocket(text: string, options: { isEnded?: boolean } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let got = '';
    socket
      .on('data', (part: string) => void (got += part))
      .once('close', () => resolve(got))
      .once('error', reject);
    socket.write(text);
    if (options.isEnded) socket.end();
  });
}
const head = (lines: string[]) =>
  `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

describe('a body', () => {
  test('of 5 MB is a 413 to every route that is written to, whether or not it takes one', async () => {
    const payload = JSON.stringify({ name: 'x'.repeat(5 * 1024 * 1024) });
    expect(writing.length).toBeGreaterThan(20);
    for (const { name, method, url } of writing) {
      const answer = await inject(method, url, JSON_TYPE, payload);
      expect([name, answer.statusCode, answer.json()]).toEqual([name, 413, { detail: 'Request body is too large' }]);
    }
  });

  test('that is nested too deep is told so to every route that takes one, and is nothing to the others', async () => {
    const payload = `${'{"a":['.repeat(50_000)}${']}'.repeat(50_000)}`;
    for (const { name, method, url, hasBody } of writing) {
      const { statusCode } = await inject(method, url, JSON_TYPE, payload);
      expect([name, hasBody ? statusCode === 422 : [200, 204, 404].includes(statusCode)]).toEqual([name, true]);
      if (name.endsWith('logout'))
        api.tokens[0] = (
          await api.anonymous('POST', '/auth/login', { username: 'root', password: PASSWORD })
        ).body.access_token;
    }
  });

  test('that is packed is not unpacked: no small one becomes a large one', async () => {
    const answer = await inject(
      'POST',
      '/api/v1/auth/login',
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      gzipSync(JSON.stringify({ username: 'root', password: PASSWORD })),
    );
    expect([answer.statusCode, answer.json().detail]).toMatchObject([422, [{ type: 'json_invalid' }]]);
  });

  test('whose length is a lie is refused, and whatever comes after it is no request of its own', async () => {
    expect(await onSocket(head(['Content-Length: 5000000']) + '{}')).toMatch(
      /^HTTP\/1.1 413 [^]*\{"detail":"Request body is too large"\}$/,
    );
    for (const lie of [
      'Content-Length: -1',
      'Content-Length: 1e3',
      'Content-Length: 2\r\nContent-Length: 3',
      'Content-Length: 2\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: chunked, identity',
    ])
      expect([lie, await onSocket(head([lie]) + '{}')]).toEqual([
        lie,
        expect.stringMatching(/^HTTP\/1.1 400 [^]*\{"detail":"Bad Request"\}$/),
      ]);
    // Shorter than it says: the rest never comes.
    expect(await onSocket(head(['Content-Length: 100']) + '{}', { isEnded: true })).not.toContain('HTTP/1.1 2');
    // Longer than it says: the rest would be the next request.
    const answers =
      (await onSocket(head(['Content-Length: 2']) + '{}GARBAGE / HTTP/1.1\r\n\r\n')).match(/HTTP\/1.1 \d+/g) ?? [];
    expect([answers.at(-1), answers.filter((line) => line.includes(' 2'))]).toEqual(['HTTP/1.1 400', []]);
    expect((await inject('GET', '/api/v1/auth/me')).statusCode).toBe(200);
  });
});

describe('other ways to say what is wanted', () => {
  test('a method is the one of the request', async () => {
    const before = await db.database('users').count();
    const id = api.userIds[2];
    for (const header of ['x-http-method-override', 'x-http-method', 'x-method-override'])
      expect((await inject('GET', `/api/v1/users/${id}?_method=DELETE`, { [header]: 'DELETE' })).json()).toMatchObject({
        id,
      });
    expect(
      (
        await inject(
          'POST',
          `/api/v1/users/${id}`,
          { ...JSON_TYPE, 'x-http-method-override': 'DELETE' },
          '{"_method":"DELETE"}',
        )
      ).statusCode,
    ).toBe(405);
    expect(await db.database('users').count()).toEqual(before);
    for (const method of ['TRACE', 'SEARCH', 'PROPFIND']) {
      const answer = await onSocket(
        `${method} /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens[0]}\r\nConnection: close\r\n\r\n`,
      );
      expect([method, answer.split('\r\n')[0]]).toEqual([method, expect.stringMatching(/ (401|404|405) /)]);
      expect(answer).not.toContain(api.tokens[0]);
    }
  });

  test('a host is nobody to be believed: links have none', async () => {
    for (let n = 0; n < 2; n++) await insertExecution(db.database);
    const answer = await inject('GET', '/api/v1/tasks/executions/recent?limit=1', {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    });
    expect(answer.headers.link).toMatch(/^<\/api\/v1\/tasks\/executions\/recent\?/);
    expect(JSON.stringify([answer.headers, answer.body])).not.toContain('evil.example');
    expect((await inject('GET', 'http://evil.example/api/v1/auth/me')).statusCode).toBe(200);
    expect((await onSocket('GET /api/v1/auth/me HTTP/1.1\r\nConnection: close\r\n\r\n')).split('\r\n')[0]).toBe(
      'HTTP/1.1 400 Bad Request',
    );
  });

  test.each([
    '/docs/static/..%2f..%2f..%2fpackage.json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/docs/../package.json',
    '/docs/static/..\\..\\package.json',
    '/docs/..%5c..%5cpackage.json',
    '/static/../package.json',
    '/static/..%2f..%2fpackage.json',
    '/redoc/../../package.json',
    '/redoc/..%2fpackage.json',
    '/docs/static/%00/../package.json',
    '/docs//etc/passwd',
    '/docs/static//etc/passwd',
    '/docs/static/....//....//package.json',
    '/docs/static/%252e%252e%252fpackage.json',
    '/.env',
    '/api/v1/public/../auth/me',
    '/docs/../api/v1/auth/me',
    '/docs/..%2fapi/v1/auth/me',
    '/api/v1/public/..%2fusers',
  ])('no path leads out of what is open: %s', async (url) => {
    const raw = await onSocket(`GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(raw.split('\r\n')[0]).toMatch(/ (400|401|403|404) /);
    expect(raw).not.toMatch(/"private": true|root:x:|JWT_SECRET|"username"/);
  });

  test('an address that differs only in its spelling is guarded too', async () => {
    for (const url of [
      '/%61pi/v1/users',
      '/api/v1/%75sers',
      '/api//v1/users',
      '//api/v1/users',
      '/api/v1/users/',
      '/api/v1/users//',
      '/api/v1/users;x=1',
      '/api/v1/./users',
      '/API/v1/users',
      '/api/v1/users%2f',
      '/api/v1/users%00',
      '/api/v1/users#x',
      '/api/v1/users?/docs',
      '/docs/../api/v1/users',
      'http://x/api/v1/users',
      'http://x/docs@x/api/v1/users',
      '/openapi.json/../api/v1/users',
    ]) {
      const { statusCode, body } = await api.app.inject({ url });
      expect([url, [401, 404].includes(statusCode), body.includes('"username"')]).toEqual([url, true, false]);
    }
  });
});

describe('other origins', () => {
  const CORS = 'access-control-allow-origin';

  test('get no permission, however much they look like ours', async () => {
    for (const origin of [
      'https://evil.example',
      'https://app.example.evil.example',
      'https://evilapp.example',
      'http://app.example',
      'https://app.example:444',
      'null',
      'https://APP.example.evil',
      '*',
      '',
    ]) {
      for (const method of ['GET', 'OPTIONS'] as const) {
        const { headers } = await api.app.inject({
          method,
          url: '/api/v1/auth/me',
          headers: { origin, 'access-control-request-method': 'GET' },
        });
        expect([origin, method, headers[CORS]]).toEqual([origin, method, undefined]);
      }
    }
  });

  test('ours is told so on every answer, and caches are told that it depends', async () => {
    const gone = async () => inject('GET', '/api/v1/nothing', { origin: ORIGIN });
    const answers = [
      await inject('GET', '/api/v1/auth/me', { origin: ORIGIN }),
      await api.app.inject({ url: '/api/v1/auth/me', headers: { origin: ORIGIN } }),
      await gone(),
      await inject('DELETE', '/api/v1/auth/me', { origin: ORIGIN }),
      await inject('POST', '/api/v1/users', { origin: ORIGIN, ...JSON_TYPE }, '{'),
      await inject('POST', '/api/v1/users', { origin: ORIGIN, ...JSON_TYPE }, 'x'.repeat(2_000_000)),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401, 404, 405, 422, 413]);
    for (const { statusCode, headers } of answers) {
      expect([statusCode, headers[CORS], headers['access-control-allow-credentials'], headers.vary]).toEqual([
        statusCode,
        ORIGIN,
        'true',
        expect.stringContaining('Origin'),
      ]);
      expect(String(headers['access-control-expose-headers'])).toContain('X-Request-ID');
    }
  });

  test('ours may use every method and header, for any path, without a token', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const { statusCode, headers } = await api.app.inject({
        method: 'OPTIONS',
        url: '/api/v1/not/there',
        headers: {
          origin: ORIGIN,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization, content-type, idempotency-key, x-anything',
        },
      });
      expect([
        statusCode,
        headers[CORS],
        String(headers['access-control-allow-methods']).includes(method),
        headers['access-control-allow-headers'],
      ]).toEqual([204, ORIGIN, true, 'authorization, content-type, idempotency-key, x-anything']);
    }
  });
});
