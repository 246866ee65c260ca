import { createTestApi, PASSWORD, type TestStack, useTestApi } from '../../support/api-support';
import { EMAIL_TAKEN, FORBIDDEN, GONE, locOf, NAME_TAKEN } from './user-answers';

let { db, temporal, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, temporal, api } = stack));
const login = (username: string, password: string) => api.anonymous('POST', '/auth/login', { username, password });
const url = (index: number) => `/users/${api.userIds[index]}`;

describe('updating a user', () => {
  test('leaves omitted fields as they are, and updates updated_at', async () => {
    const before = (await api.user('PATCH', url(1), { full_name: 'Some User', age: 5 })).body;
    expect(before).toMatchObject({ username: 'user', full_name: 'Some User', age: 5 });
    const after = (
      await api.user('PATCH', url(1), { username: 'user_2', email: 'New@EXAMPLE.net', full_name: null, age: null })
    ).body;
    expect(after).toMatchObject({
      username: 'user_2',
      email: 'New@example.net',
      full_name: null,
      age: null,
      created_at: before.created_at,
    });
    expect(new Date(after.updated_at).getTime()).toBeGreaterThan(new Date(before.updated_at).getTime());
    expect((await api.user('PATCH', url(1), {})).body).toEqual(after);
    expect(await api.root('PATCH', url(1), { age: 7 })).toMatchObject({ status: 200, body: { age: 7 } });
  });

  test('is allowed for oneself and for superusers', async () => {
    expect(await api.user('PATCH', url(0), { age: 7 })).toMatchObject(FORBIDDEN);
    expect(await api.user('PATCH', '/users/999999', {})).toMatchObject(FORBIDDEN);
    expect(await api.root('PATCH', '/users/999999', { age: 7 })).toMatchObject(GONE);
    expect((await api.anonymous('PATCH', url(1), {})).status).toBe(401);
  });

  test("refuses a taken e-mail or name, but accepts one's own", async () => {
    expect(await api.user('PATCH', url(1), { email: 'root@EXAMPLE.com' })).toMatchObject(EMAIL_TAKEN);
    expect(await api.user('PATCH', url(1), { username: 'root', email: 'root@example.com' })).toMatchObject(EMAIL_TAKEN);
    expect(await api.user('PATCH', url(1), { username: 'root' })).toMatchObject(NAME_TAKEN);
    expect(await api.user('PATCH', url(1), { username: 'root', email: 'user@example.com' })).toMatchObject(NAME_TAKEN);
    expect((await api.user('PATCH', url(1), { username: 'user', email: 'user@example.com' })).status).toBe(200);
  });

  test('reports all faults, including null where it is not allowed', async () => {
    const answer = await api.user('PATCH', url(1), {
      username: null,
      email: null,
      password: 'short',
      age: 151,
      is_active: null,
    });
    expect(answer.status).toBe(422);
    expect(answer.body.detail.map(({ loc }: { loc: string[] }) => loc.join('.')).sort()).toEqual([
      'body.age',
      'body.email',
      'body.is_active',
      'body.password',
      'body.username',
    ]);
    expect(locOf(await api.user('PATCH', url(1), { password: 'password123' }))).toEqual([
      ['value_error', 'body.password'],
    ]);
    expect((await api.user('PATCH', url(1))).status).toBe(422);
  });

  test('lets only superusers change rights', async () => {
    expect(await api.user('PATCH', url(1), { is_superuser: true })).toMatchObject(FORBIDDEN);
    expect(await api.user('PATCH', url(1), { is_active: false, age: 9 })).toMatchObject(FORBIDDEN);
    expect(await api.user('PATCH', url(1), { is_superuser: false, is_active: true, age: 8 })).toMatchObject({
      status: 200,
      body: { age: 8, is_superuser: false, is_active: true },
    });
    expect(await api.root('PATCH', url(1), { is_superuser: true })).toMatchObject({
      status: 200,
      body: { is_superuser: true },
    });
    // Heeded at once, without a new token.
    expect((await api.user('GET', '/tasks/configs')).status).toBe(200);
    await api.root('PATCH', url(1), { is_superuser: false });
    expect(await api.user('GET', '/tasks/configs')).toMatchObject(FORBIDDEN);
  });

  test('ends all sessions when the password changes; the old password is refused', async () => {
    const { refresh_token, access_token } = (await login('user', PASSWORD)).body;
    expect((await api.user('PATCH', url(1), { password: 'another long one' })).status).toBe(200);
    expect((await api.user('GET', '/auth/me')).status).toBe(401);
    expect((await api.withToken(access_token)('GET', '/auth/me')).status).toBe(401);
    expect(await api.anonymous('POST', '/auth/refresh', { refresh_token })).toMatchObject({
      status: 401,
      body: { detail: '无效的刷新令牌' },
    });
    expect((await login('user', PASSWORD)).status).toBe(401);
    expect((await login('user', 'another long one')).status).toBe(200);
  });

  test('ends all sessions for good on deactivation', async () => {
    const { refresh_token, access_token } = (await login('user', PASSWORD)).body;
    expect(await api.root('PATCH', url(1), { is_active: false })).toMatchObject({
      status: 200,
      body: { is_active: false },
    });
    expect(await api.withToken(access_token)('GET', '/auth/me')).toMatchObject({
      status: 403,
      body: { detail: '用户未激活' },
    });
    expect((await api.anonymous('POST', '/auth/refresh', { refresh_token })).status).toBe(401);
    await api.root('PATCH', url(1), { is_active: true });
    expect((await api.withToken(access_token)('GET', '/auth/me')).status).toBe(401);
    expect((await api.anonymous('POST', '/auth/refresh', { refresh_token })).status).toBe(401);
    expect((await login('user', PASSWORD)).status).toBe(200);
  });
});

describe('deleting a user', () => {
  test('returns the deleted user, and ends their sessions', async () => {
    const { refresh_token, access_token } = (await login('user', PASSWORD)).body;
    expect(await api.root('DELETE', url(1))).toMatchObject({
      status: 200,
      body: { id: api.userIds[1], username: 'user', email: 'user@example.com' },
    });
    expect(await api.withToken(access_token)('GET', '/auth/me')).toMatchObject(GONE);
    expect((await api.anonymous('POST', '/auth/refresh', { refresh_token })).status).toBe(401);
    expect(await api.root('DELETE', url(1))).toMatchObject(GONE);
    expect((await login('user', PASSWORD)).status).toBe(401);
  });

  test('is allowed for superusers, but not of oneself', async () => {
    expect(await api.user('DELETE', url(2))).toMatchObject(FORBIDDEN);
    expect((await api.anonymous('DELETE', url(2))).status).toBe(401);
    expect((await api.root('DELETE', url(0))).status).toBe(400);
    expect((await api.root('DELETE', '/users/x')).status).toBe(422);
  });
});

describe('the last active superuser', () => {
  const superusers = () => db.database('users').where({ role: 'admin', is_active: true }).pluck('username');

  test('cannot be demoted or deactivated', async () => {
    // An inactive one does not count.
    await db.database('users').where({ username: 'idle' }).update({ role: 'admin' });
    for (const change of [{ is_superuser: false }, { is_active: false }, { is_superuser: false, age: 3 }])
      expect(await api.root('PATCH', url(0), change)).toMatchObject({
        status: 409,
        body: { detail: expect.any(String) },
      });
    expect(await superusers()).toEqual(['root']);
    await api.root('PATCH', url(1), { is_superuser: true });
    expect((await api.root('PATCH', url(0), { is_superuser: false })).status).toBe(200);
    expect(await superusers()).toEqual(['user']);
  });

  test.each([
    ['demote', 'PATCH', { is_superuser: false }],
    ['deactivate', 'PATCH', { is_active: false }],
    ['delete', 'DELETE', undefined],
  ] as const)('remains when two %s each other concurrently', async (_what, method, body) => {
    for (let round = 0; round < 5; round++) {
      await db.database('users').whereIn('username', ['root', 'user']).del();
      const pair = await createTestApi({ database: db.database, temporal });
      await db.database('users').where({ username: 'user' }).update({ role: 'admin' });
      const [one, other] = pair.userIds;
      const answers = await Promise.all([
        pair.root(method, `/users/${other}`, body),
        pair.user(method, `/users/${one}`, body),
      ]);
      expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
      expect(await superusers()).toHaveLength(1);
      await pair.close();
    }
  });
});
