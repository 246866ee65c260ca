import { PASSWORD, type TestStack, useTestApi } from '../../support/api-support';
import { apiKeyCalls } from './api-key-calls';

let { db, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, api } = stack));
const { create, asKey, statusOf, setRole } = apiKeyCalls(() => ({ db, api }));

describe('an API key never changes access', () => {
  test('cannot reach sessions, keys, or the password and e-mail of its owner', async () => {
    const { id, key } = await create();
    const before = await db.database('users').orderBy('id');
    const login = (await api.anonymous('POST', '/auth/login', { username: 'root', password: PASSWORD })).body;
    const attempts = [
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/sessions/x'],
      ['POST', '/auth/logout', {}],
      ['POST', '/auth/revoke', { token: login.refresh_token }],
      ['POST', '/auth/api-keys', { name: 'x', scope: 'read' }],
      ['DELETE', `/auth/api-keys/${id}`],
      ['PATCH', `/users/${api.userIds[0]}`, { password: 'a long enough one' }],
      ['PATCH', `/users/${api.userIds[0]}`, { email: 'thief@example.org', full_name: 'Thief' }],
    ] as const;
    for (const [method, path, body] of attempts)
      expect([method, path, await asKey(key)(method, path, body)]).toMatchObject([
        method,
        path,
        { status: 403, body: { detail: expect.stringMatching(/^Not with an API key: sign in/) } },
      ]);
    expect(await db.database('users').orderBy('id')).toEqual(before);
    expect(await statusOf(login.access_token as string)).toBe(200);
    // What is no door to the account is open to the scope admin, and to no other.
    expect((await asKey(key)('PATCH', `/users/${api.userIds[0]}`, { full_name: 'Root' })).status).toBe(200);
    expect((await asKey(key)('GET', '/auth/api-keys')).body).toMatchObject([{ id }]);
    const weak = await create({ scope: 'operate' });
    expect(await asKey(weak.key)('PATCH', `/users/${api.userIds[0]}`, { full_name: 'Nobody' })).toMatchObject({
      status: 403,
      body: { detail: 'The API key has the scope operate; this needs admin' },
    });
    expect(await asKey(weak.key)('GET', `/users/${api.userIds[1]}`)).toMatchObject({ status: 403 });
    expect(
      (await asKey(weak.key)('GET', '/users')).body.map(({ username }: { username: string }) => username),
    ).not.toContain('idle');
  });

  test('cannot grant or take away access of anybody; other fields it may write', async () => {
    const { key } = await create();
    const ask = asKey(key);
    const before = await db.database('users').orderBy('id');
    const [self, other] = api.userIds;
    const refused = { status: 403, body: { detail: expect.stringMatching(/^Not with an API key: sign in/) } };
    for (const id of [self, other]) {
      for (const body of [
        { password: 'a long enough one' },
        { email: 'thief@example.org' },
        { username: 'thief' },
        { role: 'viewer' },
        { is_superuser: id !== self },
        { is_active: false },
      ])
        expect([id, body, await ask('PATCH', `/users/${id}`, { ...body, full_name: 'Thief' })]).toMatchObject([
          id,
          body,
          refused,
        ]);
      expect(await ask('DELETE', `/users/${id}`)).toMatchObject(refused);
      expect(await ask('POST', `/auth/api-keys?user_id=${id}`, { name: 'x', scope: 'read' })).toMatchObject(refused);
    }
    expect(await ask('PATCH', `/users/${api.userIds[2]}`, { is_active: true })).toMatchObject(refused);
    const made = { username: 'made', email: 'made@example.org', password: 'a long enough one' };
    for (const rights of [{ role: 'viewer' }, { role: 'admin' }, { is_superuser: true }])
      expect([rights, await ask('POST', '/users', { ...made, ...rights })]).toMatchObject([rights, refused]);
    expect(await db.database('users').orderBy('id')).toEqual(before);
    expect(await ask('POST', '/users', made)).toMatchObject({ status: 201, body: { role: null } });
    expect(
      await ask('PATCH', `/users/${other}`, {
        full_name: 'Renamed',
        age: 30,
        username: 'user',
        email: 'user@example.com',
        is_active: true,
        is_superuser: false,
      }),
    ).toMatchObject({ status: 200, body: { full_name: 'Renamed', age: 30 } });
  });

  test('is listed and revoked by its owner and by admins only', async () => {
    await setRole(1, 'operator');
    const { id, key } = await create({ scope: 'read' }, api.user);
    const mine = await create();
    const of = (index: number) => `?user_id=${api.userIds[index]}`;
    expect(await api.user('GET', `/auth/api-keys${of(0)}`)).toMatchObject({
      status: 403,
      body: { detail: '权限不足' },
    });
    expect(await api.user('DELETE', `/auth/api-keys/${mine.id}${of(0)}`)).toMatchObject({ status: 403 });
    expect(await api.user('DELETE', `/auth/api-keys/${mine.id}`)).toMatchObject({
      status: 404,
      body: { detail: 'API key not found' },
    });
    expect((await api.user('GET', `/auth/api-keys${of(1)}`)).body).toMatchObject([{ id }]);
    expect((await api.root('GET', `/auth/api-keys${of(1)}`)).body).toMatchObject([{ id }]);
    expect((await asKey(mine.key)('GET', `/auth/api-keys${of(1)}`)).body).toMatchObject([{ id }]);
    const weak = await create({ scope: 'operate' });
    expect((await asKey(weak.key)('GET', `/auth/api-keys${of(1)}`)).status).toBe(403);
    expect(await api.root('GET', '/auth/api-keys?user_id=999999')).toMatchObject({
      status: 404,
      body: { detail: '用户不存在' },
    });
    // Without saying whose, nobody else's goes.
    expect((await api.root('DELETE', `/auth/api-keys/${id}`)).status).toBe(404);
    expect(await statusOf(key)).toBe(200);
    expect((await api.root('DELETE', `/auth/api-keys/${id}${of(1)}`)).status).toBe(204);
    expect(await statusOf(key)).toBe(401);
    for (const bad of ['/auth/api-keys/x', '/auth/api-keys/99999999999', '/auth/api-keys/1?user_id=x'])
      expect([bad, (await api.root('DELETE', bad)).status]).toEqual([bad, 422]);
    expect((await api.anonymous('GET', '/auth/api-keys')).status).toBe(401);
  });
});
