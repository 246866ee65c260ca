import { connect } from 'node:net';
import getPort from 'get-port';
import { startProcess, waitFor, type TestProcess } from '../../support/process';
import { testServices } from '../../support/test-services';
import { HALF_A_REQUEST, openConnection } from '../../support/raw-http';
import { PASSWORD, SECRET, storeUrlOf, type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));

async function startApi(env: Record<string, string> = {}) {
  const port = await getPort({ host: '127.0.0.1' });
  const process = await startProcess('api/server.js', {
    DATABASE_URL: db.url,
    REDIS_URL: await storeUrlOf(db.database),
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    JWT_SECRET_KEY: SECRET,
    PORT: String(port),
    ...env,
  });
  return { port, url: `http://127.0.0.1:${port}`, process };
}

/** Stops the process, and kills it when it has not ended after 15 s. */
async function stopWithin15s(process: TestProcess): Promise<void> {
  let hasEnded = false;
  const ended = process.stop().then(() => (hasEnded = true));
  await waitFor(async () => hasEnded, 15_000).catch(() => process.kill());
  await ended;
}

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
const hasLockWaiters = async () => (await db.database('pg_locks').where({ granted: false })).length > 0;

describe('after SIGTERM the API process', () => {
  test('ends while clients hold half a request or an idle connection', async () => {
    const { port, process } = await startApi();
    const held = [
      HALF_A_REQUEST,
      'GET /health/live HTTP/1.1\r\nHo',
      '',
      'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n',
    ].map((text) => openConnection(port, text));
    await waitFor(async () => held[3]?.received().includes('200 OK'));
    await stopWithin15s(process);
    expect([process.child.exitCode, process.child.signalCode]).toEqual([0, null]);
    expect(process.logText()).toContain('api has stopped');
    expect(process.logText()).not.toContain('cut off');
  });

  test('ends while a request hangs, and logs that it cuts connections off', async () => {
    const { port, process } = await startApi();
    const lock = await db.database.transaction();
    await lock.raw('lock table task_configs in access exclusive mode');
    const hanging = openConnection(
      port,
      `GET /api/v1/tasks/configs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens[0]}\r\n\r\n`,
    );
    await waitFor(hasLockWaiters);
    await stopWithin15s(process);
    await lock.rollback();
    expect(process.child.signalCode).toBeNull();
    expect(process.logText()).toContain('connections are cut off');
    expect(await hanging.ended()).toBe('');
  });

  test('waits for the rest of a request that arrives at once', async () => {
    const { port, process } = await startApi();
    const body = JSON.stringify({ name: 'in two halves', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' });
    const headers = [
      'Host: x',
      `Authorization: Bearer ${api.tokens[0]}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    const half = openConnection(
      port,
      `POST /api/v1/tasks/configs HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body.slice(0, 9)}`,
    );
    const other = openConnection(port, 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await other.ended();
    const ended = process.stop();
    await waitFor(async () => !(await isListening(port)));
    half.socket.write(body.slice(9));
    expect(await half.ended()).toMatch(/^HTTP\/1.1 201 [^]*connection: close/i);
    await ended;
    expect(process.child.exitCode).toBe(0);
  });

  test('accepts no new connection, finishes the request in progress, and exits with 0', async () => {
    const { port, url, process } = await startApi();
    const [token] = api.tokens;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'begun before the end', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' });

    const lock = await db.database.transaction();
    await lock.raw('lock table task_configs in exclusive mode');
    const slow = fetch(`${url}/api/v1/tasks/configs`, { method: 'POST', headers, body });
    await waitFor(hasLockWaiters);
    const stopped = process.stop();
    await waitFor(async () => !(await isListening(port)));
    expect(process.child.exitCode).toBeNull();
    await lock.rollback();

    const answer = await slow;
    await stopped;
    expect([answer.status, await answer.json()]).toMatchObject([201, { name: 'begun before the end' }]);
    expect([process.child.exitCode, process.child.signalCode]).toEqual([0, null]);
    expect(
      await db.database('audit_log').where({ action: 'config.create', request_id: answer.headers.get('x-request-id') }),
    ).toMatchObject([{ outcome: 'succeeded' }]);
  });

  test('exits with 0 after serving requests, and has logged no token or password', async () => {
    const { url, process } = await startApi({ REDDIT_IS_SANDBOX: 'true' });
    expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'ok' });
    const login = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'root', password: PASSWORD }),
    });
    const { access_token } = (await login.json()) as { access_token: string };
    const answer = await fetch(`${url}/api/v1/tasks/system/status`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    await process.stop();
    expect(answer.status).toBe(200);
    expect([process.child.exitCode, process.child.signalCode]).toEqual([0, null]);
    expect(process.logText()).not.toContain(access_token);
    expect(process.logText()).not.toContain(PASSWORD);
  });
});
