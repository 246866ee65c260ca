import { connect, type Socket } from 'node:net';
import getPort from 'get-port';
import { requestLogFields } from '../../../src/api/plugins/request-logging';
import { createLogger } from '../../../src/platform/logger';
import { startProcess, waitFor } from '../../support/process';
import { testServices } from '../../support/test-services';
import { createTestApi, storeUrlOf, SECRET, type TestStack, useTestApi } from '../../support/api-support';

let { db, api, temporal } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api, temporal } = stack));

const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

/** A connection of a client that never ends it, and what has come over it. */
function open(port: number, text: string) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1'))).on('error', () => undefined);
  socket.write(text);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()).once('end', () => resolve()));
  return { socket, received: () => received, ended: () => closed.then(() => received) };
}
const portOf = async (app: TestStack['api']['app']) =>
  Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
const HALF_A_BODY =
  'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user';

test('a request that does not arrive whole in time is refused; an answer may take longer', async () => {
  const timed = await createTestApi({ database: db.database, temporal, app: { requestTimeoutMs: 600 } });
  const port = await portOf(timed.app);
  const lock = await db.database.transaction();
  await lock.raw('lock table task_configs in access exclusive mode');
  const slow = open(
    port,
    `GET /api/v1/tasks/configs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${timed.tokens[0]}\r\n\r\n`,
  );
  await waitFor(async () => (await db.database('pg_locks').where({ granted: false })).length > 0);
  const halves = [open(port, HALF_A_BODY), open(port, 'GET /health/live HTTP/1.1\r\nHo')];
  for (const half of halves) expect(await half.ended()).toMatch(/^HTTP\/1.1 408 [^]*\{"detail":"Request Timeout"\}$/);
  await lock.rollback();
  expect(await slow.ended()).toMatch(/^HTTP\/1.1 200 /);
  await timed.close();
});

describe('told to stop', () => {
  const start = async () => {
    const port = await getPort({ host: '127.0.0.1' });
    const env = {
      DATABASE_URL: db.url,
      REDIS_URL: await storeUrlOf(db.database),
      TEMPORAL_ADDRESS: testServices().temporalAddress,
      JWT_SECRET_KEY: SECRET,
      PORT: String(port),
    };
    return { port, process: await startProcess('api/server.js', env) };
  };
  const LOCKED = 'lock table task_configs in access exclusive mode';

  test('the process ends while clients hold half a request, or a connection and nothing else', async () => {
    const { port, process } = await start();
    const held = [
      HALF_A_BODY,
      'GET /health/live HTTP/1.1\r\nHo',
      '',
      'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n',
    ].map((text) => open(port, text));
    await waitFor(async () => held[3]?.received().includes('200 OK'));
    let hasEnded = false;
    const ended = process.stop().then(() => (hasEnded = true));
    // Or its time is over, and it is killed.
    await waitFor(async () => hasEnded, 15_000).catch(() => process.kill());
    await ended;
    expect([process.child.exitCode, process.child.signalCode]).toEqual([0, null]);
    expect(process.logText()).toContain('api has stopped');
    expect(process.logText()).not.toContain('cut off');
  });

  test('the process ends while a request hangs, and says that it is cut off', async () => {
    const { port, process } = await start();
    const lock = await db.database.transaction();
    await lock.raw(LOCKED);
    const hanging = open(
      port,
      `GET /api/v1/tasks/configs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens[0]}\r\n\r\n`,
    );
    await waitFor(async () => (await db.database('pg_locks').where({ granted: false })).length > 0);
    let hasEnded = false;
    const ended = process.stop().then(() => (hasEnded = true));
    await waitFor(async () => hasEnded, 15_000).catch(() => process.kill());
    await ended;
    await lock.rollback();
    expect(process.child.signalCode).toBeNull();
    expect(process.logText()).toContain('connections are cut off');
    expect(await hanging.ended()).toBe('');
  });

  test('the rest of a request that comes at once is waited for', async () => {
    const { port, process } = await start();
    const body = JSON.stringify({ name: 'in two halves', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' });
    const half = open(
      port,
      `POST /api/v1/tasks/configs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens[0]}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
    );
    const other = open(port, 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await other.ended();
    const ended = process.stop();
    await waitFor(
      () =>
        new Promise<boolean>((resolve) =>
          connect(port, '127.0.0.1')
            .once('error', () => resolve(true))
            .once('connect', function (this: Socket) {
              resolve(!this.destroy());
            }),
        ),
    );
    half.socket.write(body.slice(9));
    expect(await half.ended()).toMatch(/^HTTP\/1.1 201 [^]*connection: close/i);
    await ended;
    expect(process.child.exitCode).toBe(0);
  });
});

describe('every refusal has a detail and an id', () => {
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
    [
      'two lengths',
      400,
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    ],
    ['headers too large', 431, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a tunnel', 405, 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n'],
  ])('%s', async (_what, status, text) => {
    const [head = '', body = ''] = (await open(port, text).ended()).split('\r\n\r\n');
    expect([head.split(' ')[1], JSON.parse(body)]).toEqual([String(status), { detail: expect.any(String) }]);
    expect(head).toMatch(/^content-type: application\/json/im);
    expect(head).toMatch(/^x-content-type-options: nosniff/im);
    const id = /^x-request-id: ([\da-f-]{36})\r?$/im.exec(head)?.[1];
    await waitFor(async () => lines.some((line) => line.includes(`"${id}"`)), 5_000);
    if (status === 405) expect(head).toMatch(/^allow: GET, /im);
  });

  test('HTTP/1.0 needs no Host, and a body that is announced with 100-continue is asked for', async () => {
    expect(await open(port, 'GET /health/live HTTP/1.0\r\n\r\n').ended()).toMatch(/^HTTP\/1.1 200 /);
    expect(
      await open(
        port,
        `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n${BODY}`,
      ).ended(),
    ).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 422 /);
  });

  test('a client that breaks off its upload is no fault of ours', async () => {
    lines.length = 0;
    const half = open(port, HALF_A_BODY);
    await open(port, 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').ended();
    half.socket.destroy();
    const line = await waitFor(async () => lines.find((line) => line.includes('broke off')), 5_000).catch(() =>
      lines.join(''),
    );
    expect(JSON.parse(line)).toMatchObject({ level: 30, msg: 'the client broke off its request' });
    expect(lines.filter((line) => (JSON.parse(line) as { level: number }).level > 30)).toEqual([]);
  });
});
