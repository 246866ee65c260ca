import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { REDIS_TIMEOUT_MS, withTimeout } from '../../../src/api/concurrency/with-timeout';
import { findRedisProgram, startEmbeddedRedis } from '../../../src/stack/servers/embedded-redis';
import { waitFor } from '../../support/process';
import { createTestApi, PASSWORD, type TestStack, useTestApi } from '../../support/api-support';
import { sessionCalls } from './session-calls';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack));
const { login, refresh, statusOf } = sessionCalls(() => api);

(findRedisProgram() ? test : test.skip)(
  'answers 503 to every token without Redis, and recovers when Redis is back',
  async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-sessions-'));
    const place = { folder, logFile: path.join(folder, 'redis.log'), password: 'none' };
    const redis = await startEmbeddedRedis(place);
    const own = await createTestApi({ database: db.database, temporal, storeUrl: redis.url });
    const pair = await login(own);
    expect(await statusOf(pair.access_token, own)).toBe(200);
    await redis.stop();
    const refusal = { status: 503, body: { detail: expect.any(String) } };
    expect(await own.withToken(pair.access_token)('GET', '/auth/me')).toMatchObject(refusal);
    expect(await own.withToken(pair.access_token)('GET', '/nothing/here')).toMatchObject(refusal);
    expect(await refresh(pair.refresh_token, own)).toMatchObject(refusal);
    expect(await own.anonymous('POST', '/auth/login', { username: 'user', password: PASSWORD })).toMatchObject(refusal);
    expect((await own.anonymous('GET', '/auth/me')).status).toBe(401);
    const back = await startEmbeddedRedis({ ...place, port: redis.port });
    expect(back.port).toBe(redis.port);
    await waitFor(async () => (await statusOf(pair.access_token, own)) === 200);
    expect((await refresh(pair.refresh_token, own)).status).toBe(200);
    await own.close();
    await back.stop();
    rmSync(folder, { recursive: true, force: true });
  },
);

(findRedisProgram() ? test : test.skip)(
  'answers 503 before clients time out when Redis hangs, and recovers when it goes on',
  async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-sessions-'));
    const redis = await startEmbeddedRedis({ folder, logFile: path.join(folder, 'redis.log'), password: 'none' });
    const pid = Number(/\d+/.exec(readFileSync(path.join(folder, 'redis.pid'), 'utf8'))?.[0]);
    const own = await createTestApi({ database: db.database, temporal, storeUrl: redis.url, areAttemptsLimited: true });
    try {
      const pair = await login(own);
      const withToken = own.withToken(pair.access_token);
      expect((await withToken('GET', '/auth/me')).status).toBe(200);
      process.kill(pid, 'SIGSTOP');
      const asks = [
        () => withToken('GET', '/auth/me'),
        () => own.anonymous('POST', '/auth/login', { username: 'user', password: PASSWORD }),
        () => refresh(pair.refresh_token, own),
        () => own.anonymous('POST', '/auth/forgot-password', { email: 'user@example.com' }),
        () =>
          own.anonymous('POST', '/auth/register', {
            username: 'ann',
            email: 'ann@example.org',
            password: 'a long enough one',
          }),
      ];
      // A deadline and no measure: twice the time that is set, for a busy machine.
      const answers = await Promise.all(asks.map((ask) => withTimeout(2 * REDIS_TIMEOUT_MS, ask())));
      expect(answers.map(({ status, body }) => [status, body])).toEqual(
        asks.map(() => [503, { detail: expect.any(String) }]),
      );
      process.kill(pid, 'SIGCONT');
      await waitFor(async () => (await withToken('GET', '/auth/me')).status === 200);
    } finally {
      process.kill(pid, 'SIGCONT');
      await own.close();
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
