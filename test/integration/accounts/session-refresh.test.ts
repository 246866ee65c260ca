import http from 'node:http';
import { text } from 'node:stream/consumers';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import { createTestApi, PASSWORD, storeUrlOf, type TestStack, useTestApi } from '../../support/api-support';
import { BAD_REFRESH, claims, sessionCalls, type Pair } from './session-calls';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack));
const { login, refresh, statusOf } = sessionCalls(() => api);

describe('refreshing', () => {
  test('returns a new pair of the same session with the same end', async () => {
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

  test('issues the short access token even after a login with remember_me', async () => {
    const { body } = await api.anonymous('POST', '/auth/login', {
      username: 'user',
      password: PASSWORD,
      remember_me: true,
    });
    const access = claims((await refresh(body.refresh_token)).body.access_token);
    expect(access.exp - access.iat).toBe(1_800);
  });

  test('audits a replayed token with its user and the end of the session; garbage is not audited', async () => {
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

  test('refuses a spent token, and ends the whole session', async () => {
    const first = await login();
    const other = await login();
    const second = (await refresh(first.refresh_token)).body as Pair;
    expect(await refresh(first.refresh_token)).toMatchObject(BAD_REFRESH);
    expect(await refresh(second.refresh_token)).toMatchObject(BAD_REFRESH);
    expect(await statusOf(second.access_token)).toBe(401);
    expect(await statusOf(other.access_token)).toBe(200);
  });

  test('lets exactly one of ten concurrent refreshes succeed', async () => {
    const { refresh_token } = await login();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refresh_token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(401)]);
    const winner = answers.find(({ status }) => status === 200)?.body as Pair;
    expect(await statusOf(winner.access_token)).toBe(200);
    expect((await refresh(winner.refresh_token)).status).toBe(200);
  });

  test('lets one of ten refreshes on separate connections succeed; a later replay ends the session', async () => {
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

  test('distinguishes garbage, expired tokens and tokens of the other kind', async () => {
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

  test('stores only hashes of tokens', async () => {
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
