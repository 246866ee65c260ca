import { connect } from 'node:net';
import getPort from 'get-port';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { EXAMPLES } from '../../../src/api/openapi/openapi-examples';
import { requestLogFields } from '../../../src/api/plugins/request-logging';
import { createLogger } from '../../../src/platform/logger';
import { connectTestTemporal } from '../../support/task-worker';
import { startProcess, waitFor } from '../../support/process';
import { testServices } from '../../support/test-services';
import {
  createTestApi,
  insertConfig,
  PASSWORD,
  storeUrlOf,
  SECRET,
  type TestStack,
  useTestApi,
} from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));

test('every line that is logged for a request carries its X-Request-ID, once', async () => {
  const lines: string[] = [];
  const log = createLogger(
    { name: 'api', level: 'info', context: requestLogFields },
    { write: (line: string) => void lines.push(line) },
  );
  const away = await connectTestTemporal();
  const cut = await createTestApi({ database: db.database, temporal: away, log });
  await away.close();
  const id = await insertConfig(db.database);
  const answers = await Promise.all([
    cut.root('PATCH', `/tasks/configs/${id}`, { priority: 7 }),
    cut.root('GET', `/tasks/configs/${id}`),
    cut.root('POST', `/tasks/execute/${id}`),
  ]);
  await cut.close();
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 503]);
  const messages = answers.map(({ headers }) =>
    lines.filter((line) => line.includes(String(headers['x-request-id']))).map((line) => JSON.parse(line).msg),
  );
  const warning = 'Temporal does not tell the state of schedules';
  expect(messages).toEqual([
    [warning, 'answered'],
    [warning, 'answered'],
    ['request failed', 'answered'],
  ]);
  expect(lines.length).toBe(messages.flat().length);
  for (const line of lines) expect(line.split('"reqId"')).toHaveLength(2);
});

describe('security headers', () => {
  const headersOf = async (url: string) => (await api.app.inject({ url })).headers;

  test('every answer has them, a refusal too', async () => {
    for (const url of [
      '/api/v1/auth/me',
      '/api/v1/tasks/configs',
      '/nothing',
      '/health/live',
      '/openapi.json',
      '/metrics',
    ]) {
      expect(await headersOf(url)).toMatchObject({
        'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': expect.stringContaining('max-age='),
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
  });

  test('no cache keeps an answer of the API', async () => {
    for (const url of ['/api/v1/auth/me', '/api/v1/nothing'])
      expect((await headersOf(url))['cache-control']).toBe('no-store');
    expect(
      (await api.anonymous('POST', '/auth/login', { username: 'root', password: PASSWORD })).headers['cache-control'],
    ).toBe('no-store');
  });

  test('the server does not tell what it is made of', async () => {
    const headers = await headersOf('/health/live');
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['x-powered-by']));
    expect(headers.server).toBeUndefined();
  });
});

describe('/redoc', () => {
  test('needs no token, and takes all it loads from here', async () => {
    const page = await api.app.inject({ url: '/redoc' });
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const loaded = [...page.body.matchAll(/(?:src|spec-url)="([^"]+)"/g)].map(([, url = '']) => url);
    expect(loaded).toEqual(['/openapi.json', '/redoc/redoc.standalone.js']);
    for (const url of loaded) expect((await api.app.inject({ url })).statusCode).toBe(200);
    expect((await api.app.inject({ url: '/redoc/redoc.standalone.js' })).body.length).toBeGreaterThan(500_000);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'self'; script-src 'self';/);
    expect(policy).not.toMatch(/http|unsafe-eval/);
  });
});

describe('a body that is too large', () => {
  const expected = { status: 413, detail: 'Request body is too large' };

  test('is refused with 413, whoever sends it and however large it is', async () => {
    for (const caller of [api.anonymous, api.root]) {
      const { status, body } = await caller('POST', caller === api.root ? '/tasks/configs' : '/auth/login', {
        name: 'x'.repeat(5 * 1024 * 1024),
      });
      expect({ status, detail: body.detail }).toEqual(expected);
    }
  });

  test('is refused on a socket too, when it does not tell its length', async () => {
    const address = await api.app.listen({ host: '127.0.0.1', port: 0 });
    const chunks = new ReadableStream({
      start(stream) {
        for (let n = 0; n < 20; n += 1) stream.enqueue(new TextEncoder().encode('x'.repeat(100_000)));
        stream.close();
      },
    });
    const answer = await fetch(`${address}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: chunks,
      duplex: 'half',
    });
    expect({ status: answer.status, ...((await answer.json()) as object) }).toEqual(expected);
  });
});

test('told to stop, the process takes nothing new, finishes what it has begun, and leaves', async () => {
  const port = await getPort({ host: '127.0.0.1' });
  const started = await startProcess('api/server.js', {
    DATABASE_URL: db.url,
    REDIS_URL: await storeUrlOf(db.database),
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    JWT_SECRET_KEY: SECRET,
    PORT: String(port),
  });
  const isListening = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  const [token] = api.tokens;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'begun before the end', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' });

  const lock = await db.database.transaction();
  await lock.raw('lock table task_configs in exclusive mode');
  const slow = fetch(`http://127.0.0.1:${port}/api/v1/tasks/configs`, { method: 'POST', headers, body });
  await waitFor(async () => (await db.database('pg_locks').where({ granted: false })).length > 0);
  const stopped = started.stop();
  await waitFor(async () => !(await isListening()));
  expect(started.child.exitCode).toBeNull();
  await lock.rollback();

  const answer = await slow;
  await stopped;
  expect([answer.status, await answer.json()]).toMatchObject([201, { name: 'begun before the end' }]);
  expect([started.child.exitCode, started.child.signalCode]).toEqual([0, null]);
  expect(
    await db.database('audit_log').where({ action: 'config.create', request_id: answer.headers.get('x-request-id') }),
  ).toMatchObject([{ outcome: 'succeeded' }]);
});

describe('the document', () => {
  type Media = { content?: Record<string, { example?: unknown; schema?: object }> };
  interface Operation {
    security?: object[];
    parameters?: object[];
    requestBody?: Media;
    responses: Record<string, Media>;
  }
  let operations: (Operation & { name: string; method: 'POST'; url: string })[];
  beforeAll(async () => {
    const { paths } = (await createOpenapiDocument()) as { paths: Record<string, Record<string, Operation>> };
    operations = Object.entries(paths).flatMap(([url, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        name: `${method} ${url}`,
        method: method.toUpperCase() as 'POST',
        url,
      })),
    );
  });
  const exampleOf = (media: Media | undefined) => media?.content?.['application/json']?.example;

  test('every example is of a route that is there, and shows on it', () => {
    for (const [name, { request, answer }] of Object.entries(EXAMPLES)) {
      const operation = operations.find((candidate) => candidate.name === name);
      const ok = Object.entries(operation?.responses ?? {}).find(([status]) => status < '300')?.[1];
      expect([name, exampleOf(operation?.requestBody), exampleOf(ok)]).toEqual([name, request, answer]);
    }
  });

  test('every request with a body has an example, which passes the checks', async () => {
    for (const { name, method, url, requestBody } of operations) {
      const example = exampleOf(requestBody);
      if (!requestBody) continue;
      expect([name, example]).not.toEqual([name, undefined]);
      const answer = await api.root(
        method,
        url
          .replace(/\{(user_)?id\}/, '999999')
          .replace('{action}', 'stop')
          .replace('{type}', 'NO_SUCH_TYPE'),
        example as object,
      );
      expect([name, answer.body]).not.toEqual([name, { detail: expect.any(Array) }]);
    }
  });

  test('the errors that clients compare with are those that are shown, and 429 tells of Retry-After', () => {
    const shown = (name: string, status: string) => {
      const { example, examples } = (operations.find((candidate) => candidate.name === name)?.responses[status]
        ?.content?.['application/json'] ?? {}) as {
        example?: { detail: string };
        examples?: Record<string, { value: { detail: string } }>;
      };
      return example?.detail ?? Object.values(examples ?? {}).map(({ value }) => value.detail);
    };
    expect(shown('get /api/v1/users/{user_id}', '404')).toBe('用户不存在');
    expect(shown('post /api/v1/auth/login', '401')).toBe('用户名或密码不正确');
    expect(shown('post /api/v1/auth/refresh', '401')).toBe('无效的刷新令牌');
    for (const name of ['post /api/v1/auth/register', 'post /api/v1/users'])
      expect(shown(name, '409')).toEqual(['该邮箱已被注册', '该用户名已被使用']);
    const limited = operations
      .filter(({ responses }) => responses['429'])
      .map(({ name, responses }) => [name, Object.keys((responses['429'] as { headers?: object }).headers ?? {})]);
    expect(limited.length).toBeGreaterThan(0);
    expect(limited).toEqual(limited.map(([name]) => [name, ['Retry-After']]));
  });

  test('every guarded route tells how it refuses, with examples', () => {
    for (const { name, security, parameters, requestBody, responses } of operations) {
      const expected = [
        security ? ['401', '403', '404', '503'] : [],
        requestBody ? ['413'] : [],
        requestBody || parameters ? ['422'] : [],
      ].flat();
      expect([name, expected.filter((status) => exampleOf(responses[status]) === undefined)]).toEqual([name, []]);
    }
  });
});
