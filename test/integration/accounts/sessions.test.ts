import http from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { REDIS_TIMEOUT_MS, withTimeout } from '../../../src/api/concurrency/with-timeout';
import { createKeyValueStore } from '../../../src/platform/key-value-store/key-value-store';
import { findRedisProgram, startEmbeddedRedis } from '../../../src/stack/servers/embedded-redis';
import { waitFor } from '../../support/process';
import {
  createTestApi,
  PASSWORD,
  storeUrlOf,
  type TestApi,
  type TestStack,
  useTestApi,
} from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack));

interface Pair {
  access_token: string;
  refresh_token: string;
}
const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const login = async (on: TestApi = api, username = 'user', headers: Record<string, string> = {}): Promise<Pair> =>
  (await on.anonymous('POST', '/auth/login', { username, password: PASSWORD }, headers)).body;
const refresh = (token: string, on: TestApi = api) => on.anonymous('POST', '/auth/refresh', { refresh_token: token });
const statusOf = async (access: string, on: TestApi = api) => (await on.withToken(access)('GET', '/auth/me')).status;
const BAD_REFRESH = { status: 401, body: { detail: '无效的刷新令牌' } };

describe('refreshing', () => {
  test('answers a new pair of the same session and the same end; both are good', async () => {
    const first = await login();
    const { status, body } = await refresh(first.refresh_token);
    expect([status, body]).toEqual([
      200,
      {
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        token_type: 'bearer',
        expires_at: expect.stringMatching(/Z$/),
      },
    ]);
    expect(claims(body.refresh_token)).toMatchObject({
      sid: claims(first.refresh_token).sid,
      exp: claims(first.refresh_token).exp,
      type: 'refresh_token',
    });
    expect(body.refresh_token).not.toBe(first.refresh_token);
    const access = claims(body.access_token);
    expect([access.exp - access.iat, access.sid]).toEqual([1_800, claims(first.access_token).sid]);
    expect(await statusOf(body.access_token)).toBe(200);
    expect((await refresh(body.refresh_token)).status).toBe(200);
  });

  test('gives the short access token, also when the login was to be remembered', async () => {
    const { body } = await api.anonymous('POST', '/auth/login', {
      username: 'user',
      password: PASSWORD,
      remember_me: true,
    });
    const access = claims((await refresh(body.refresh_token)).body.access_token);
    expect(access.exp - access.iat).toBe(1_800);
  });

  test('the audit log says whose spent token came again, and that it ended the session; garbage is none of its business', async () => {
    const { body: first } = await api.anonymous('POST', '/auth/login', { username: 'user', password: PASSWORD });
    const { body: second } = await api.anonymous('POST', '/auth/refresh', { refresh_token: first.refresh_token });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const ids: string[] = [];
    for (const token of [first.refresh_token, second.refresh_token, 'garbage']) {
      const answer = await api.anonymous('POST', '/auth/refresh', { refresh_token: token });
      expect(answer.status).toBe(401);
      ids.push(String(answer.headers['x-request-id']));
    }
    const entries = await Promise.all(
      ids.map(async (id) => (await api.root('GET', `/audit-log?request_id=${id}`)).body),
    );
    const mine = {
      action: 'auth.refresh',
      outcome: 'refused',
      actor_id: api.userIds[1],
      actor_name: 'user',
      target_type: 'user',
      target_id: String(api.userIds[1]),
    };
    expect(entries).toMatchObject([[{ ...mine, details: { is_replayed: true } }], [{ ...mine, details: {} }], []]);
    expect(entries[1][0].details).toEqual({});
  });

  test('a spent token is refused, and ends the whole session', async () => {
    const first = await login();
    const other = await login();
    const second = (await refresh(first.refresh_token)).body as Pair;
    expect(await refresh(first.refresh_token)).toMatchObject(BAD_REFRESH);
    expect(await refresh(second.refresh_token)).toMatchObject(BAD_REFRESH);
    expect(await statusOf(second.access_token)).toBe(401);
    expect(await statusOf(other.access_token)).toBe(200);
  });

  test('of ten at once with one token exactly one succeeds, and what it got is good', async () => {
    const { refresh_token } = await login();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refresh_token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(401)]);
    const winner = answers.find(({ status }) => status === 200)?.body as Pair;
    expect(await statusOf(winner.access_token)).toBe(200);
    expect((await refresh(winner.refresh_token)).status).toBe(200);
  });

  test('of ten at once over open connections of their own one succeeds, and what it got is good; a spent token that comes later ends the session', async () => {
    const own = await createTestApi({ database: db.database, temporal, areAttemptsLimited: true });
    const url = `${await own.app.listen({ host: '127.0.0.1', port: 0 })}/api/v1/auth/refresh`;
    const agent = new http.Agent({ keepAlive: true });
    const overHttp = (token: string) =>
      new Promise<{ status?: number; body: Pair }>((resolve, reject) => {
        const request = http.request(
          url,
          { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
          (response) => {
            void text(response).then(
              (body) => resolve({ status: response.statusCode, body: JSON.parse(body) }),
              reject,
            );
          },
        );
        request.on('error', reject).end(JSON.stringify({ refresh_token: token }));
      });
    // Opens the connections: a server takes on new ones one after the other.
    await Promise.all(Array.from({ length: 10 }, () => overHttp('garbage')));
    for (let round = 0; round < 5; round += 1) {
      const { refresh_token } = await login(own);
      const answers = await Promise.all(Array.from({ length: 10 }, () => overHttp(refresh_token)));
      expect([round, answers.map(({ status }) => status).sort()]).toEqual([
        round,
        [200, ...Array<number>(9).fill(401)],
      ]);
      const winner = answers.find(({ status }) => status === 200)?.body as Pair;
      expect([round, await statusOf(winner.access_token, own)]).toEqual([round, 200]);
      const next = await overHttp(winner.refresh_token);
      expect([round, next.status, (await overHttp(winner.refresh_token)).status]).toEqual([round, 200, 401]);
      expect([round, await statusOf(next.body.access_token, own)]).toEqual([round, 401]);
    }
    agent.destroy();
    await own.close();
  });

  test('tells garbage, expired tokens and those of the other kind', async () => {
    const { access_token, refresh_token } = await login();
    const { sub, sid } = claims(refresh_token);
    const texts = [];
    for (const token of [api.app.tokens.issue(Number(sub), 'refresh_token', -10, sid).token, access_token]) {
      const { status, body, headers } = await refresh(token);
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
      texts.push(body.detail);
    }
    expect(new Set([...texts, BAD_REFRESH.body.detail]).size).toBe(3);
    expect(await refresh('garbage')).toMatchObject(BAD_REFRESH);
    expect(await refresh(`${refresh_token.slice(0, -4)}AAAA`)).toMatchObject(BAD_REFRESH);
    expect(
      await refresh(api.app.tokens.issue(Number(sub), 'refresh_token', 60, 'no such session').token),
    ).toMatchObject(BAD_REFRESH);
    expect((await api.anonymous('POST', '/auth/refresh', {})).body.detail).toMatchObject([
      { type: 'missing', loc: ['body', 'refresh_token'] },
    ]);
    expect((await api.anonymous('POST', '/auth/refresh')).body.detail).toMatchObject([
      { type: 'missing', loc: ['body'] },
    ]);
    // None of these were the session's own.
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  test('the store keeps hashes only', async () => {
    const store = createKeyValueStore(await storeUrlOf(db.database));
    const { refresh_token, access_token } = await login();
    const record = await store.get(`auth:session:${claims(refresh_token).sid}`);
    await store.close();
    expect(JSON.parse(record ?? '')).toMatchObject({
      userId: api.userIds[1],
      refreshHash: expect.stringMatching(/^[\da-f]{64}$/),
    });
    for (const token of [refresh_token, access_token]) expect(record).not.toContain(token.split('.')[2]);
  });
});

describe('signing out', () => {
  test("ends all sessions of the user at once, and nobody else's", async () => {
    const [one, two, root] = [await login(), await login(), await login(api, 'root')];
    const answer = await api.withToken(one.access_token)('POST', '/auth/logout');
    expect([answer.status, answer.text]).toEqual([204, '']);
    for (const { access_token, refresh_token } of [one, two]) {
      expect(await statusOf(access_token)).toBe(401);
      expect(await refresh(refresh_token)).toMatchObject(BAD_REFRESH);
    }
    expect(await statusOf(root.access_token)).toBe(200);
    expect(await statusOf((await login()).access_token)).toBe(200);
  });

  test('takes any body, and needs a token', async () => {
    for (const payload of ['', '{}', 'nonsense']) {
      const { access_token } = await login();
      expect(
        (
          await api.app.inject({
            method: 'POST',
            url: '/api/v1/auth/logout',
            headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
            payload,
          })
        ).statusCode,
      ).toBe(204);
    }
    expect((await api.anonymous('POST', '/auth/logout')).status).toBe(401);
  });

  test('a refresh under way does not bring the session back', async () => {
    const { refresh_token, access_token } = await login();
    const [rotated] = await Promise.all([refresh(refresh_token), api.withToken(access_token)('POST', '/auth/logout')]);
    if (rotated.status === 200) expect(await statusOf(rotated.body.access_token)).toBe(401);
    else expect(rotated.status).toBe(401);
    expect((await api.withToken((await login()).access_token)('GET', '/auth/sessions')).body).toHaveLength(1);
  });
});

describe('revoking', () => {
  const revoke = (access: string, body: object) => api.withToken(access)('POST', '/auth/revoke', body);

  test('ends the session of the token', async () => {
    const [mine, other] = [await login(), await login()];
    expect((await revoke(mine.access_token, { token: other.refresh_token })).status).toBe(204);
    expect(await refresh(other.refresh_token)).toMatchObject(BAD_REFRESH);
    expect(await statusOf(other.access_token)).toBe(401);
    expect(await statusOf(mine.access_token)).toBe(200);
  });

  test('says the same, and does nothing, for unknown tokens, other kinds, and those of others', async () => {
    const [mine, root] = [await login(), await login(api, 'root')];
    for (const body of [
      { token: 'garbage' },
      { token: mine.refresh_token, token_type: 'access_token' },
      { token: mine.access_token },
      { token: root.refresh_token, token_type: 'refresh_token' },
    ]) {
      expect((await revoke(mine.access_token, body)).status).toBe(204);
    }
    expect((await refresh(mine.refresh_token)).status).toBe(200);
    expect((await refresh(root.refresh_token)).status).toBe(200);
    expect((await revoke(mine.access_token, {})).body.detail).toMatchObject([
      { type: 'missing', loc: ['body', 'token'] },
    ]);
    expect((await api.anonymous('POST', '/auth/revoke', { token: 'x' })).status).toBe(401);
  });
});

describe('sessions', () => {
  test('are listed to their user, and ended one by one', async () => {
    await api.withToken((await login()).access_token)('POST', '/auth/logout');
    const phone = await login(api, 'user', { 'user-agent': `phone ${'x'.repeat(1_000)}` });
    const desk = await login(api, 'user', { 'user-agent': 'desk' });
    await refresh(phone.refresh_token);
    const mine = api.withToken(desk.access_token);
    const { body } = await mine('GET', '/auth/sessions');
    expect(body).toHaveLength(2);
    const of = (pair: Pair) => body.find((session: { id: string }) => session.id === claims(pair.access_token).sid);
    expect(of(desk)).toEqual({
      id: expect.any(String),
      created_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
      refreshed_at: null,
      user_agent: 'desk',
      address: '127.0.0.1',
      is_current: true,
    });
    expect(new Date(of(desk).expires_at).getTime()).toBe(claims(desk.refresh_token).exp * 1_000);
    expect(of(phone)).toMatchObject({
      user_agent: expect.stringMatching(/^phone x{294}$/),
      is_current: false,
      refreshed_at: expect.stringMatching(/Z$/),
    });

    const gone = `/auth/sessions/${of(phone).id}`;
    expect((await api.root('DELETE', gone)).status).toBe(404);
    expect((await mine('DELETE', gone)).status).toBe(204);
    expect((await mine('DELETE', gone)).status).toBe(404);
    expect(await statusOf(phone.access_token)).toBe(401);
    expect((await mine('GET', '/auth/sessions')).body).toHaveLength(1);
    expect((await mine('DELETE', `/auth/sessions/${of(desk).id}`)).status).toBe(204);
    expect(await statusOf(desk.access_token)).toBe(401);
    for (const [method, url] of [
      ['GET', '/auth/sessions'],
      ['DELETE', gone],
    ] as const)
      expect((await api.anonymous(method, url)).status).toBe(401);
  });

  test('are one at a time where it is set so', async () => {
    const single = await createTestApi({ database: db.database, temporal, areSeveralSessionsAllowed: false });
    const first = await login(single);
    const second = await login(single);
    expect([await statusOf(first.access_token, single), await statusOf(second.access_token, single)]).toEqual([
      401, 200,
    ]);
    expect(await refresh(first.refresh_token, single)).toMatchObject(BAD_REFRESH);
    const pairs = await Promise.all(Array.from({ length: 4 }, () => login(single)));
    const states = await Promise.all(pairs.map(({ access_token }) => statusOf(access_token, single)));
    expect(states.filter((status) => status === 200)).toHaveLength(1);
    await single.close();
  });

  test('a token of a session that never was, or of another user, opens nothing', async () => {
    const { access_token } = await login();
    const { sid } = claims(access_token);
    expect(await statusOf(api.app.tokens.issue(api.userIds[1] ?? 0, 'access_token', 60, 'no such session').token)).toBe(
      401,
    );
    expect(await statusOf(api.app.tokens.issue(api.userIds[0] ?? 0, 'access_token', 60, sid).token)).toBe(401);
    expect(await statusOf(api.app.tokens.issue(api.userIds[1] ?? 0, 'access_token', 60, sid).token)).toBe(200);
    expect(
      await statusOf(
        api.app.jwt.sign({ sub: String(api.userIds[1]), exp: 9_999_999_999, jti: 'x', type: 'access_token' }),
      ),
    ).toBe(401);
  });
});

(findRedisProgram() ? test : test.skip)(
  'without Redis nobody with a token gets in; when it is back all do',
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
  'a Redis that takes connections and says nothing is a 503 before the client loses patience; when it goes on all do',
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
