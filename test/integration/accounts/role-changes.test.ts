import { ROLES } from '../../../src/api/access-levels';
import { type TestStack, useTestApi } from '../../support/api-support';
import type { Role } from '../../../src/storage/accounts/user';
import { FORBIDDEN } from './user-answers';
import { userWithRole } from './user-with-role';

let { db, api } = {} as TestStack;
const use = (stack: TestStack) => ({ db, api } = stack);
const url = (index: number) => `/users/${api.userIds[index]}`;
const roles = [null, ...ROLES];
const userWith = (role: Role | null, username?: string) => userWithRole({ db, api }, role, username);

describe('changing roles', () => {
  useTestApi('test', use);

  test('is reserved to admins', async () => {
    const registered = await api.anonymous('POST', '/auth/register', {
      email: 'ann@example.org',
      username: 'ann',
      password: 'a long enough one',
      role: 'admin',
      is_superuser: true,
    });
    expect(registered).toMatchObject({ status: 201, body: { role: null, is_superuser: false } });
    for (const role of roles.filter((role) => role !== 'admin')) {
      const { id, ask } = await userWith(role);
      for (const other of roles.filter((other) => other !== role))
        expect([role, other, await ask('PATCH', `/users/${id}`, { role: other })]).toMatchObject([
          role,
          other,
          FORBIDDEN,
        ]);
      expect(await ask('PATCH', `/users/${id}`, { is_superuser: true })).toMatchObject(FORBIDDEN);
      // What it is already is no change.
      expect(await ask('PATCH', `/users/${id}`, { role, is_superuser: false, age: 9 })).toMatchObject({
        status: 200,
        body: { role, age: 9 },
      });
      expect(await ask('PATCH', url(1), { role: 'viewer' })).toMatchObject(FORBIDDEN);
      expect(
        await ask('POST', '/users', {
          email: 'bob@example.org',
          username: 'bob',
          password: 'a long enough one',
          role: 'viewer',
        }),
      ).toMatchObject(FORBIDDEN);
    }
    expect(await db.database('users').where({ role: 'admin' }).pluck('username')).toEqual(['root']);
  });

  test('keeps role and is_superuser in agreement when written, read and sorted by', async () => {
    const seen = [];
    for (const change of [
      { role: 'viewer' },
      { is_superuser: false },
      { is_superuser: true },
      { role: 'operator' },
      { role: 'admin' },
      { is_superuser: false },
      { role: 'admin', is_superuser: true },
      { role: null, is_superuser: false },
    ]) {
      const { status, body } = await api.root('PATCH', url(1), change);
      const row = await db.database('users').where({ id: api.userIds[1] }).first();
      expect([status, row.role, row.is_superuser]).toEqual([200, body.role, body.is_superuser]);
      seen.push([body.role, body.is_superuser]);
    }
    expect(seen).toEqual([
      ['viewer', false],
      ['viewer', false],
      ['admin', true],
      ['operator', false],
      ['admin', true],
      [null, false],
      ['admin', true],
      [null, false],
    ]);
    await expect(db.database('users').where({ id: api.userIds[1] }).update({ is_superuser: true })).rejects.toThrow(
      /is_superuser/,
    );
    await expect(db.database('users').where({ id: api.userIds[1] }).update({ role: 'king' })).rejects.toThrow(
      /users_role_check/,
    );
    await userWith('operator');
    const names = async (query: string) =>
      (await api.root('GET', `/users?${query}`)).body.map(({ username }: { username: string }) => username);
    expect((await names('sort_by=-is_superuser'))[0]).toBe('root');
    expect((await names('sort_by=role')).slice(0, 2)).toEqual(['root', 'the-operator']);
  });

  test('sets the role at creation by either field', async () => {
    const make = (name: string, more: object) =>
      api.root('POST', '/users', {
        email: `${name}@example.org`,
        username: name,
        password: 'a long enough one',
        ...more,
      });
    expect(await make('one', { role: 'operator' })).toMatchObject({
      status: 201,
      body: { role: 'operator', is_superuser: false },
    });
    expect(await make('two', { is_superuser: true })).toMatchObject({
      status: 201,
      body: { role: 'admin', is_superuser: true },
    });
    expect(await make('three', { role: 'viewer', is_superuser: false })).toMatchObject({
      status: 201,
      body: { role: 'viewer', is_superuser: false },
    });
    expect(await make('four', {})).toMatchObject({ status: 201, body: { role: null, is_superuser: false } });
  });

  test.each([
    { role: 'admin', is_superuser: false },
    { role: 'operator', is_superuser: true },
    { role: null, is_superuser: true },
  ])('refuses a role that contradicts is_superuser: %j', async (rights) => {
    const before = await db.database('users').orderBy('id');
    const faults = {
      status: 422,
      body: { detail: [{ loc: ['body', 'age'] }, { type: 'value_error', loc: ['body', 'is_superuser'] }] },
    };
    expect(await api.root('PATCH', url(1), { ...rights, age: -1 })).toMatchObject(faults);
    expect(await api.root('PATCH', url(1), rights)).toMatchObject({ status: 422 });
    expect(
      await api.root('POST', '/users', {
        email: 'x@example.org',
        username: 'xyz',
        password: 'a long enough one',
        age: -1,
        ...rights,
      }),
    ).toMatchObject(faults);
    expect(await db.database('users').orderBy('id')).toEqual(before);
  });

  test('refuses unknown roles', async () => {
    for (const role of ['king', 'ADMIN', '', 7])
      expect([role, await api.root('PATCH', url(1), { role })]).toMatchObject([
        role,
        { status: 422, body: { detail: [{ loc: ['body', 'role'] }] } },
      ]);
  });

  test('takes effect with the next request', async () => {
    const { id, ask } = await userWith('viewer');
    expect((await ask('GET', '/tasks/configs')).status).toBe(200);
    await api.root('PATCH', `/users/${id}`, { role: null });
    expect(await ask('GET', '/tasks/configs')).toMatchObject(FORBIDDEN);
  });
});

describe('the last active admin', () => {
  useTestApi('test', use);

  const admins = () => db.database('users').where({ role: 'admin', is_active: true }).pluck('username');

  test('cannot be demoted or deactivated by either field', async () => {
    await userWith('operator');
    await db.database('users').where({ username: 'idle' }).update({ role: 'admin' });
    for (const change of [
      { role: 'operator' },
      { role: null },
      { is_superuser: false },
      { is_active: false },
      { role: 'admin', is_active: false },
    ])
      expect([change, await api.root('PATCH', url(0), change)]).toMatchObject([
        change,
        { status: 409, body: { detail: expect.any(String) } },
      ]);
    expect(await admins()).toEqual(['root']);
    expect((await api.root('PATCH', url(0), { role: 'admin', is_superuser: true })).status).toBe(200);
  });

  test('remains when two admins demote each other concurrently', async () => {
    for (let round = 0; round < 5; round++) {
      await db.database('users').whereIn('username', ['root', 'user']).update({ role: 'admin' });
      const answers = await Promise.all([
        api.root('PATCH', url(1), { role: 'viewer' }),
        api.user('PATCH', url(0), { role: null }),
      ]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(await admins()).toHaveLength(1);
    }
  });
});

describe('the role in the database', () => {
  useTestApi('file', use);

  test('derives is_superuser from the role', async () => {
    const { database } = db;
    await expect(database('users').update({ is_superuser: true })).rejects.toThrow('can only be updated to DEFAULT');
    expect(await database('users').orderBy('id').select('username', 'role', 'is_superuser')).toEqual([
      { username: 'root', role: 'admin', is_superuser: true },
      { username: 'user', role: null, is_superuser: false },
      { username: 'idle', role: null, is_superuser: false },
    ]);
    await database('users').where({ username: 'user' }).update({ role: 'operator' });
    expect(await database('users').where({ username: 'user' }).first()).toMatchObject({ is_superuser: false });
    await database('users').where({ username: 'user' }).update({ role: 'admin' });
    expect(await database('users').where({ username: 'user' }).first()).toMatchObject({ is_superuser: true });
  });
});
