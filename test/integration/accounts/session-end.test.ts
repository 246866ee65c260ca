import { createTestApi, type TestStack, useTestApi } from '../../support/api-support';
import { BAD_REFRESH, claims, sessionCalls, type Pair } from './session-calls';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack));
const { login, refresh, statusOf } = sessionCalls(() => api);

describe('logging out', () => {
  test("ends all sessions of the user, and nobody else's", async () => {
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

  test('accepts any body, and needs a token', async () => {
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

  test('is not undone by a concurrent refresh', async () => {
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

  test('answers 204 and does nothing for unknown tokens, other kinds, and tokens of others', async () => {
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
  test('are listed for their user, and ended one by one', async () => {
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

  test('are limited to one where so configured', async () => {
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

  test('refuse tokens of unknown sessions and of other users', async () => {
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
