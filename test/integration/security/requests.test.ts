import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { insertExecution, PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

const JSON_TYPE = { 'content-type': 'application/json' };
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD' | 'TRACE';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));
let port: number;
let writing: { name: string; method: Method; url: string; hasBody: boolean }[];
beforeAll(async () => {
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

const inject = (method: Method, url: string, headers: Record<string, string> = {}, payload?: string | Buffer) =>
  api.app.inject({
    method: method as 'GET',
    url,
    headers: { authorization: `Bearer ${api.tokens[0]}`, ...headers },
    payload,
  });
/** Sends `text` unchanged, and resolves to everything that is received until the connection closes. */
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
/** The head of a login request with further header lines. */
const head = (lines: string[]) =>
  ['POST /api/v1/auth/login HTTP/1.1', 'Host: x', 'Content-Type: application/json', ...lines, '', ''].join('\r\n');

describe('a request body', () => {
  test('of 5 MB is answered with 413 by every writing route, whether or not the route takes a body', async () => {
    const payload = JSON.stringify({ name: 'x'.repeat(5 * 1024 * 1024) });
    expect(writing.length).toBeGreaterThan(20);
    for (const { name, method, url } of writing) {
      const answer = await inject(method, url, JSON_TYPE, payload);
      expect([name, answer.statusCode, answer.json()]).toEqual([name, 413, { detail: 'Request body is too large' }]);
    }
  });

  test('that is nested too deep is refused by every route that takes a body, and ignored by the others', async () => {
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

  test('with a content encoding is refused, so a small body cannot become a large one', async () => {
    const answer = await inject(
      'POST',
      '/api/v1/auth/login',
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      gzipSync(JSON.stringify({ username: 'root', password: PASSWORD })),
    );
    expect([answer.statusCode, answer.headers['accept-encoding']]).toEqual([415, 'identity']);
  });

  test('with a false length is refused, and the bytes after it are not read as another request', async () => {
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
    // The body is shorter than announced: the rest never arrives.
    expect(await onSocket(head(['Content-Length: 100']) + '{}', { isEnded: true })).not.toContain('HTTP/1.1 2');
    // The body is longer than announced: the rest would be the next request.
    const answers =
      (await onSocket(head(['Content-Length: 2']) + '{}GARBAGE / HTTP/1.1\r\n\r\n')).match(/HTTP\/1.1 \d+/g) ?? [];
    expect([answers.at(-1), answers.filter((line) => line.includes(' 2'))]).toEqual(['HTTP/1.1 400', []]);
    expect((await inject('GET', '/api/v1/auth/me')).statusCode).toBe(200);
  });
});

describe('attempts to reach another route', () => {
  test('a method override has no effect', async () => {
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
      const authorization = `Authorization: Bearer ${api.tokens[0]}`;
      const answer = await onSocket(
        `${method} /api/v1/auth/me HTTP/1.1\r\nHost: x\r\n${authorization}\r\nConnection: close\r\n\r\n`,
      );
      expect([method, answer.split('\r\n')[0]]).toEqual([method, expect.stringMatching(/ (401|404|405) /)]);
      expect(answer).not.toContain(api.tokens[0]);
    }
  });

  test('links do not contain the Host header, which clients can forge', async () => {
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
  ])('a path cannot leave the public folders: %s', async (url) => {
    const raw = await onSocket(`GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(raw.split('\r\n')[0]).toMatch(/ (400|401|403|404) /);
    expect(raw).not.toMatch(/"private": true|root:x:|JWT_SECRET|"username"/);
  });

  test('another spelling of a guarded path is guarded too', async () => {
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
