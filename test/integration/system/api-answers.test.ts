import { connect } from 'node:net';
import { requestLogFields } from '../../../src/api/plugins/request-logging';
import { createLogger } from '../../../src/platform/logger';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestApi, insertConfig, PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack));

describe('an answer', () => {
  test('to a wrong method names the allowed ones', async () => {
    const answer = await api.root('DELETE', '/tasks/configs');
    expect([answer.status, answer.body]).toEqual([405, { detail: 'Method Not Allowed' }]);
    expect(String(answer.headers.allow).split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
    expect((await api.root('POST', '/tasks/configs/5/next-runs')).headers.allow).toContain('GET');
  });

  test.each<[Parameters<typeof api.root>[0], string]>([
    ['PUT', '/tasks/configs/preview-schedule'],
    ['POST', '/tasks/schedules/5/history'],
    ['DELETE', '/tasks/executions/recent'],
  ])('to %s %s is a 405, although the path also fits a route with a parameter', async (method, path) => {
    expect(await api.root(method, path, {})).toMatchObject({
      status: 405,
      headers: { allow: expect.stringMatching(/GET|POST/) },
    });
  });

  test('to a wrong method comes before validation, and needs a token unless the path is public', async () => {
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

  test('has a request id and its processing time', async () => {
    const { headers } = await api.user('GET', '/auth/me');
    expect(headers['x-request-id']).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(headers['x-process-time']).toMatch(/^\d+\.\d{1,3}$/);
  });

  test('does not depend on a trailing slash', async () => {
    expect((await api.user('GET', '/auth/me/')).status).toBe(200);
  });

  test('to a body of 2 MB is a 413', async () => {
    expect(
      await api.anonymous('POST', '/auth/login', { username: 'x'.repeat(2_000_000), password: PASSWORD }),
    ).toMatchObject({ status: 413, body: { detail: expect.any(String) } });
  });

  test('reports faults of path and query together', async () => {
    const { status, body } = await api.root('GET', '/tasks/executions/by-config/x?limit=0');
    expect(status).toBe(422);
    expect(body.detail).toEqual([
      { type: 'int_parsing', loc: ['path', 'id'], msg: expect.any(String), input: 'x' },
      { type: 'greater_than_equal', loc: ['query', 'limit'], msg: expect.any(String), input: '0', ctx: { ge: 1 } },
    ]);
  });

  test('to a path that is not UTF-8, or too long, is like any other', async () => {
    const garbled = await api.root('GET', '/tasks/executions/%ff');
    expect(garbled).toMatchObject({ status: 404, body: { detail: 'Execution not found' } });
    expect(garbled.headers['x-request-id']).toBeDefined();
    const long = await api.root('GET', `/tasks/executions/${'x'.repeat(301)}`);
    expect([long.status, long.body.detail[0].loc]).toEqual([422, ['path', 'id']]);
    expect(await api.root('GET', '/%')).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
  });

  test('has a detail even when the bytes are not an HTTP request', async () => {
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

  test('locates NUL characters and lone surrogates in every part of a request', async () => {
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
    const letter = {
      task_type: 'SEND_EMAIL',
      parameters: { to_email: 'a@example.org', subject: '😀', content: '😀' },
    };
    expect(await at('POST', '/tasks/configs', { ...config, name: 'nul \0', priority: 11 })).toEqual([
      422,
      ['value_error', 'body.name'],
      ['less_than_equal', 'body.priority'],
    ]);
    expect(await at('POST', '/tasks/configs', { ...config, parameters: { x: ['\ud800'] } })).toEqual([
      422,
      ['value_error', 'body.parameters.x.0'],
      ['extra_forbidden', 'body.parameters.x'],
    ]);
    expect(await at('POST', '/tasks/configs', { ...config, parameters: { 'half \udfff': 1 } })).toEqual([
      422,
      ['value_error', 'body.parameters.half \udfff'],
      ['extra_forbidden', 'body.parameters.half \udfff'],
    ]);
    expect(await at('POST', '/tasks/configs', { ...config, ...letter })).toEqual([201]);
    expect(
      JSON.stringify((await api.anonymous('POST', '/auth/login', { username: 'x', password: 'secret\0' })).body),
    ).not.toContain('secret');
  });

  test('to a body that is nested too deep is a 422', async () => {
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

  test('to an internal failure does not name the cause', async () => {
    const broken = await createTestApi({ database: db.database, temporal });
    broken.services.executions.stats = () => Promise.reject(new Error('password of the database is secret'));
    expect(await broken.root('GET', '/tasks/executions/stats')).toMatchObject({
      status: 500,
      body: { detail: 'Internal Server Error' },
    });
    await broken.close();
  });
});

describe('a body that is too large', () => {
  const expected = { status: 413, detail: 'Request body is too large' };

  test('is refused with 413, with and without a token', async () => {
    for (const caller of [api.anonymous, api.root]) {
      const { status, body } = await caller('POST', caller === api.root ? '/tasks/configs' : '/auth/login', {
        name: 'x'.repeat(5 * 1024 * 1024),
      });
      expect({ status, detail: body.detail }).toEqual(expected);
    }
  });

  test('is refused on a socket too, when its length is not announced', async () => {
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

test('every log line of a request has its X-Request-ID once', async () => {
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
