import { requestLogFields } from '../../../src/api/plugins/request-logging';
import { createLogger } from '../../../src/platform/logger';
import { waitFor } from '../../support/process';
import { HALF_A_REQUEST, openConnection } from '../../support/raw-http';
import { createTestApi, type TestStack, useTestApi } from '../../support/api-support';

let { db, temporal } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal } = stack));

const portOf = async (app: TestStack['api']['app']) =>
  Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);

test('a request that does not arrive completely in time is refused, while an answer may take longer', async () => {
  const timed = await createTestApi({ database: db.database, temporal, app: { requestTimeoutMs: 600 } });
  const port = await portOf(timed.app);
  const lock = await db.database.transaction();
  await lock.raw('lock table task_configs in access exclusive mode');
  const headers = `Host: x\r\nConnection: close\r\nAuthorization: Bearer ${timed.tokens[0]}`;
  const slow = openConnection(port, `GET /api/v1/tasks/configs HTTP/1.1\r\n${headers}\r\n\r\n`);
  await waitFor(async () => (await db.database('pg_locks').where({ granted: false })).length > 0);
  const halves = [openConnection(port, HALF_A_REQUEST), openConnection(port, 'GET /health/live HTTP/1.1\r\nHo')];
  for (const half of halves) expect(await half.ended()).toMatch(/^HTTP\/1.1 408 [^]*\{"detail":"Request Timeout"\}$/);
  await lock.rollback();
  expect(await slow.ended()).toMatch(/^HTTP\/1.1 200 /);
  await timed.close();
});

describe('every refusal of malformed HTTP has a detail and a request id', () => {
  const lines: string[] = [];
  let port: number;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const log = createLogger(
      { name: 'api', level: 'info', context: requestLogFields },
      { write: (line: string) => void lines.push(line) },
    );
    const logged = await createTestApi({ database: db.database, temporal, log });
    close = () => logged.close();
    port = await portOf(logged.app);
  });
  afterAll(() => close());

  const BODY = 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
  test.each([
    ['no Host', 400, 'GET /openapi.json HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['no Host, on a path that needs a token', 400, 'GET /api/v1/auth/me HTTP/1.1\r\nConnection: close\r\n\r\n'],
    [
      'an unknown expectation',
      417,
      `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nExpect: 100-foo\r\nConnection: close\r\n${BODY}`,
    ],
    ['nonsense', 400, 'nonsense\r\n\r\n'],
    ['HTTP/0.9', 400, 'GET /openapi.json\r\n\r\n'],
    ['two Hosts', 400, 'GET /openapi.json HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    [
      'two tokens',
      400,
      `GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\n${'Authorization: Bearer a\r\n'.repeat(2)}Connection: close\r\n\r\n`,
    ],
    [
      'a compressed body',
      415,
      `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nConnection: close\r\n${BODY}`,
    ],
    [
      'two lengths',
      400,
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    ],
    ['headers too large', 431, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a tunnel request', 405, 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n'],
  ])('%s', async (_what, status, text) => {
    const [head = '', body = ''] = (await openConnection(port, text).ended()).split('\r\n\r\n');
    expect([head.split(' ')[1], JSON.parse(body)]).toEqual([String(status), { detail: expect.any(String) }]);
    expect(head).toMatch(/^content-type: application\/json/im);
    expect(head).toMatch(/^x-content-type-options: nosniff/im);
    const id = /^x-request-id: ([\da-f-]{36})\r?$/im.exec(head)?.[1];
    await waitFor(async () => lines.some((line) => line.includes(`"${id}"`)), 5_000);
    if (status === 405) expect(head).toMatch(/^allow: GET, /im);
  });

  test('HTTP/1.0 needs no Host, and Expect: 100-continue is answered', async () => {
    expect(await openConnection(port, 'GET /health/live HTTP/1.0\r\n\r\n').ended()).toMatch(/^HTTP\/1.1 200 /);
    expect(
      await openConnection(
        port,
        `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n${BODY}`,
      ).ended(),
    ).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 422 /);
  });

  test('a client that breaks off its upload is logged as information, not as an error', async () => {
    lines.length = 0;
    const half = openConnection(port, HALF_A_REQUEST);
    await openConnection(port, 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').ended();
    half.socket.destroy();
    const line = await waitFor(async () => lines.find((line) => line.includes('broke off')), 5_000).catch(() =>
      lines.join(''),
    );
    expect(JSON.parse(line)).toMatchObject({ level: 30, msg: 'the client broke off its request' });
    expect(lines.filter((line) => (JSON.parse(line) as { level: number }).level > 30)).toEqual([]);
  });
});
