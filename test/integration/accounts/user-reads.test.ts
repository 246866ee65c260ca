import { type TestStack, useTestApi } from '../../support/api-support';
import { EMAIL_TAKEN, FORBIDDEN, GONE, locOf, NAME_TAKEN, NEW_USER } from './user-answers';

let { db, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, api } = stack));
const login = (username: string, password: string) => api.anonymous('POST', '/auth/login', { username, password });
const url = (index: number) => `/users/${api.userIds[index]}`;

describe('creating a user', () => {
  test('lets superusers create any user', async () => {
    expect(await api.root('POST', '/users', { ...NEW_USER, is_superuser: true })).toMatchObject({
      status: 201,
      body: { username: 'ann', is_superuser: true, is_active: true },
    });
    expect(
      await api.root('POST', '/users', {
        ...NEW_USER,
        username: 'bob',
        email: 'bob@example.org',
        is_active: false,
        age: '40',
      }),
    ).toMatchObject({ status: 201, body: { is_active: false, is_superuser: false, age: 40 } });
    expect(await login('bob', NEW_USER.password)).toMatchObject({ status: 403, body: { detail: '用户未激活' } });
  });

  test('is refused to all others; refuses what registration refuses', async () => {
    expect(await api.user('POST', '/users', NEW_USER)).toMatchObject(FORBIDDEN);
    expect((await api.anonymous('POST', '/users', NEW_USER)).status).toBe(401);
    expect((await api.root('POST', '/users', { ...NEW_USER, password: 'short77' })).status).toBe(400);
    expect(await api.root('POST', '/users', { ...NEW_USER, email: 'user@EXAMPLE.com' })).toMatchObject(EMAIL_TAKEN);
    expect(await api.root('POST', '/users', { ...NEW_USER, username: 'user' })).toMatchObject(NAME_TAKEN);
    expect(locOf(await api.root('POST', '/users', { ...NEW_USER, is_superuser: 'maybe' }))).toEqual([
      ['bool_parsing', 'body.is_superuser'],
    ]);
  });
});

describe('listing users', () => {
  const names = async (query: string, as = api.root) =>
    (await as('GET', `/users${query}`)).body.map(({ username }: { username: string }) => username);
  beforeEach(async () => {
    await db.database('users').insert([
      {
        username: 'zoe',
        email: 'zoe@other.org',
        hashed_password: 'x',
        full_name: 'Zoë 100% _Smith',
        age: 30,
        created_at: new Date('2020-01-01'),
      },
      { username: 'abe', email: 'ABE@other.org', hashed_password: 'x', full_name: 'Abe Smith', age: 30 },
    ]);
  });

  test('shows all to superusers, active users to others, oldest first', async () => {
    expect(await names('')).toEqual(['zoe', 'root', 'user', 'idle', 'abe']);
    expect(await names('', api.user)).toEqual(['zoe', 'root', 'user', 'abe']);
    for (const as of [api.root, api.user]) expect(await names('?is_active=false', as)).toEqual(['idle']);
    expect(await names('?is_active=yes')).toEqual(['zoe', 'root', 'user', 'abe']);
    expect(Object.keys((await api.user('GET', '/users')).body[0])).not.toContain('hashed_password');
    expect((await api.anonymous('GET', '/users')).status).toBe(401);
  });

  test('filters by parts of name and e-mail, and by age', async () => {
    expect(await names('?name=SMITH')).toEqual(['zoe', 'abe']);
    expect(await names('?name=ro')).toEqual(['root']);
    expect(await names('?name=0%25')).toEqual(['zoe']);
    expect(await names('?name=%25%25')).toEqual([]);
    expect(await names('?name=__')).toEqual([]);
    expect(await names("?name=' or 1=1 --")).toEqual([]);
    expect(await names('?email=abe@OTHER')).toEqual(['abe']);
    expect(await names('?age=30&email=zoe')).toEqual(['zoe']);
    expect(await names('?age=31')).toEqual([]);
  });

  test('sorts by several fields, ignoring unknown ones', async () => {
    expect(await names('?sort_by=-username')).toEqual(['zoe', 'user', 'root', 'idle', 'abe']);
    expect(await names('?name=smith&sort_by=age&sort_by=username')).toEqual(['abe', 'zoe']);
    expect(await names('?name=smith&sort_by=nothing&sort_by=hashed_password&sort_by=-age&sort_by=-username')).toEqual([
      'zoe',
      'abe',
    ]);
    expect(await names('?name=smith&sort_by=nothing')).toEqual(['zoe', 'abe']);
  });

  test('reports the faults of the query', async () => {
    expect(locOf(await api.user('GET', '/users?name=x&age=old&is_active=maybe'))).toEqual([
      ['string_too_short', 'query.name'],
      ['int_parsing', 'query.age'],
      ['bool_parsing', 'query.is_active'],
    ]);
  });
});

describe('reading one user', () => {
  test('is allowed for oneself and for superusers', async () => {
    expect(await api.user('GET', url(1))).toMatchObject({ status: 200, body: { username: 'user' } });
    expect(await api.root('GET', url(1))).toMatchObject({ status: 200, body: { username: 'user' } });
    expect(await api.user('GET', url(0))).toMatchObject(FORBIDDEN);
    expect(await api.user('GET', '/users/999999')).toMatchObject(FORBIDDEN);
    expect(await api.root('GET', '/users/999999')).toMatchObject(GONE);
    expect(locOf(await api.root('GET', '/users/x'))).toEqual([['int_parsing', 'path.user_id']]);
    expect((await api.anonymous('GET', url(1))).status).toBe(401);
  });
});
