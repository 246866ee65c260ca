import { createTestApi, PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, temporal, api } = stack));

const NEW = { email: 'Ann.Lee@Example.ORG', username: 'ann', password: 'a long enough one' };
const FORBIDDEN = { status: 403, body: { detail: '权限不足' } };
const GONE = { status: 404, body: { detail: '用户不存在' } };
const EMAIL_TAKEN = { status: 409, body: { detail: '该邮箱已被注册' } };
const NAME_TAKEN = { status: 409, body: { detail: '该用户名已被使用' } };
const register = (body: object = {}) => api.anonymous('POST', '/auth/register', { ...NEW, ...body });
const login = (username: string, password: string) => api.anonymous('POST', '/auth/login', { username, password });
const locOf = (answer: { body: { detail: { type: string; loc: string[] }[] } }) =>
  answer.body.detail.map(({ type, loc }) => [type, loc.join('.')]);
const url = (index: number) => `/users/${api.userIds[index]}`;

describe('registering', () => {
  test('makes an ordinary, active user, whatever else is asked for', async () => {
    const { status, body } = await register({
      full_name: 'Ann Lee',
      age: 30,
      is_superuser: true,
      role: 'admin',
      is_active: false,
      id: 1,
    });
    expect([status, body]).toEqual([
      201,
      {
        id: expect.any(Number),
        email: 'Ann.Lee@example.org',
        username: 'ann',
        full_name: 'Ann Lee',
        age: 30,
        is_active: true,
        is_superuser: false,
        role: null,
        created_at: expect.stringMatching(/Z$/),
        updated_at: expect.stringMatching(/Z$/),
      },
    ]);
    const { hashed_password } = await db.database('users').where({ id: body.id }).first();
    expect(hashed_password).toMatch(/^\$argon2id\$/);
    for (const name of ['ann', 'Ann.Lee@EXAMPLE.org']) expect((await login(name, NEW.password)).status).toBe(200);
    expect((await register({ username: 'bob', email: 'bob@example.org' })).body).toMatchObject({
      full_name: null,
      age: null,
    });
  });

  test('refuses what is taken, in whatever case, the e-mail first', async () => {
    await register();
    expect(await register()).toMatchObject(EMAIL_TAKEN);
    expect(await register({ username: 'other', email: 'Ann.Lee@EXAMPLE.org' })).toMatchObject(EMAIL_TAKEN);
    expect(await register({ email: 'other@example.org' })).toMatchObject(NAME_TAKEN);
    expect(await register({ username: 'other', email: 'ann.LEE@example.org' })).toMatchObject(EMAIL_TAKEN);
    expect(await register({ email: 'other@example.org', username: 'ANN' })).toMatchObject(NAME_TAKEN);
    expect(await register({ email: 'ANN.lee@example.org', username: 'ANN' })).toMatchObject(EMAIL_TAKEN);
    expect(await api.root('POST', '/users', { ...NEW, email: 'other@example.org', username: 'aNN' })).toMatchObject(
      NAME_TAKEN,
    );
    const other = await register({ username: 'other', email: 'other@example.org' });
    const patch = (body: object) => api.root('PATCH', `/users/${other.body.id}`, body);
    expect(await patch({ username: 'Ann' })).toMatchObject(NAME_TAKEN);
    expect(await patch({ email: 'ANN.LEE@example.org' })).toMatchObject(EMAIL_TAKEN);
    // One's own in another case is free.
    expect(await patch({ username: 'OTHER', email: 'Other@example.org' })).toMatchObject({
      status: 200,
      body: { username: 'OTHER', email: 'Other@example.org' },
    });
  });

  test('who shares a name or an address but for case since before that was refused goes on, each by his own spelling', async () => {
    const {
      body: { id: oldest },
    } = await register({ username: 'Twin', email: 'Twin@example.org' });
    const [row] = await db.database('users').where({ id: oldest }).select('hashed_password');
    const other = 'another long one';
    const {
      body: { id: second },
    } = await register({ username: 'second', email: 'second@example.org', password: other });
    await db
      .database('users')
      .where({ id: second })
      .update({ username: 'twin', email: 'twin@example.org', is_username_shared: true, is_email_shared: true });
    expect(row.hashed_password).toEqual(expect.any(String));
    const subOf = async (name: string, password: string) => {
      const { status, body } = await login(name, password);
      return status === 200 ? Number(api.app.jwt.decode<{ sub: string }>(body.access_token)?.sub) : status;
    };
    for (const name of ['Twin', 'TWIN', ' tWIN ', 'Twin@example.org', 'TWIN@Example.org'])
      expect([name, await subOf(name, NEW.password)]).toEqual([name, oldest]);
    for (const name of ['twin', 'twin@EXAMPLE.org']) expect([name, await subOf(name, other)]).toEqual([name, second]);
    expect(await register({ username: 'tWin', email: 'free@example.org' })).toMatchObject(NAME_TAKEN);
    // Sending what is stored, as the web client does, changes nothing; another name leaves the shared one for good.
    expect(
      (
        await api.root('PATCH', `/users/${second}`, {
          username: 'twin',
          email: 'twin@example.org',
          full_name: 'Second',
        })
      ).status,
    ).toBe(200);
    expect(
      (await api.root('PATCH', `/users/${second}`, { username: 'alone', email: 'alone@example.org' })).status,
    ).toBe(200);
    expect(await subOf('ALONE', other)).toBe(second);
    expect(await api.root('PATCH', `/users/${second}`, { username: 'twin' })).toMatchObject(NAME_TAKEN);
  });

  test('of many at once one gets the name', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, index) => register({ email: `ann${index}@example.org` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  test('refuses passwords that are short, common, or the name itself', async () => {
    for (const password of [
      'short77',
      '𧡜𧡜𧡜x7!',
      'password123',
      'PASSWORD',
      'Ann.Lee@Example.ORG',
      '88888888',
      ' '.repeat(8),
      '5201314520',
      'woaini1314',
      'Passw0rd!',
      'taskloom',
    ])
      expect([password, await register({ password })]).toMatchObject([
        password,
        { status: 400, body: { detail: expect.any(String) } },
      ]);
    const long = '長い道の先に鳥が鳴く夜'.repeat(12) + 'x';
    expect((await register({ password: long })).status).toBe(201);
    expect((await login('ann', long.slice(0, -1))).status).toBe(401);
    expect((await login('ann', long)).status).toBe(200);
  });

  test('tells all faults at once, and no password', async () => {
    const answer = await register({
      email: 'nobody',
      username: 'a b',
      password: 7,
      full_name: 'x'.repeat(256),
      age: 151,
    });
    expect(answer.status).toBe(422);
    expect(locOf(answer).sort()).toEqual([
      ['less_than_equal', 'body.age'],
      ['string_pattern_mismatch', 'body.username'],
      ['string_too_long', 'body.full_name'],
      ['string_type', 'body.password'],
      ['value_error', 'body.email'],
    ]);
    expect(locOf(await register({ username: 'ab', age: -1 })).sort()).toEqual([
      ['greater_than_equal', 'body.age'],
      ['string_too_short', 'body.username'],
    ]);
    expect(locOf(await api.anonymous('POST', '/auth/register', {}))).toEqual([
      ['missing', 'body.email'],
      ['missing', 'body.username'],
      ['missing', 'body.password'],
    ]);
    expect((await register({ password: 'p'.repeat(1_001) })).text).not.toContain('ppp');
    expect((await register({ full_name: 'NUL \0' })).status).toBe(422);
  });
});

test("a bcrypt hash of the predecessor opens the door once, and is the new kind's from then on", async () => {
  // "correct horse", as Python's bcrypt writes it.
  const hashed_password = '$2b$12$EMLIcoxAbNjxGBJ1HN6YleV4YMVNaC2xYQrui7vUp/6UjiDBobFhq';
  await db.database('users').where({ username: 'user' }).update({ hashed_password });
  expect((await login('user', 'correct horsE')).status).toBe(401);
  expect((await db.database('users').where({ username: 'user' }).first()).hashed_password).toBe(hashed_password);
  expect((await login('user', PASSWORD)).status).toBe(200);
  expect((await db.database('users').where({ username: 'user' }).first()).hashed_password).toMatch(/^\$argon2id\$/);
  expect((await login('user', PASSWORD)).status).toBe(200);
  // Nobody was logged out by it.
  expect((await api.user('GET', '/auth/me')).status).toBe(200);
});

describe('creating', () => {
  test('superusers make any user', async () => {
    expect(await api.root('POST', '/users', { ...NEW, is_superuser: true })).toMatchObject({
      status: 201,
      body: { username: 'ann', is_superuser: true, is_active: true },
    });
    expect(
      await api.root('POST', '/users', {
        ...NEW,
        username: 'bob',
        email: 'bob@example.org',
        is_active: false,
        age: '40',
      }),
    ).toMatchObject({ status: 201, body: { is_active: false, is_superuser: false, age: 40 } });
    expect(await login('bob', NEW.password)).toMatchObject({ status: 403, body: { detail: '用户未激活' } });
  });

  test('and nobody else; with the refusals of registering', async () => {
    expect(await api.user('POST', '/users', NEW)).toMatchObject(FORBIDDEN);
    expect((await api.anonymous('POST', '/users', NEW)).status).toBe(401);
    expect((await api.root('POST', '/users', { ...NEW, password: 'short77' })).status).toBe(400);
    expect(await api.root('POST', '/users', { ...NEW, email: 'user@EXAMPLE.com' })).toMatchObject(EMAIL_TAKEN);
    expect(await api.root('POST', '/users', { ...NEW, username: 'user' })).toMatchObject(NAME_TAKEN);
    expect(locOf(await api.root('POST', '/users', { ...NEW, is_superuser: 'maybe' }))).toEqual([
      ['bool_parsing', 'body.is_superuser'],
    ]);
  });
});

describe('listing', () => {
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

  test('shows all to superusers, the active to others, oldest first', async () => {
    expect(await names('')).toEqual(['zoe', 'root', 'user', 'idle', 'abe']);
    expect(await names('', api.user)).toEqual(['zoe', 'root', 'user', 'abe']);
    for (const as of [api.root, api.user]) expect(await names('?is_active=false', as)).toEqual(['idle']);
    expect(await names('?is_active=yes')).toEqual(['zoe', 'root', 'user', 'abe']);
    expect(Object.keys((await api.user('GET', '/users')).body[0])).not.toContain('hashed_password');
    expect((await api.anonymous('GET', '/users')).status).toBe(401);
  });

  test('finds by parts of name and e-mail, and by age', async () => {
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

  test('sorts by several fields; unknown ones count for nothing', async () => {
    expect(await names('?sort_by=-username')).toEqual(['zoe', 'user', 'root', 'idle', 'abe']);
    expect(await names('?name=smith&sort_by=age&sort_by=username')).toEqual(['abe', 'zoe']);
    expect(await names('?name=smith&sort_by=nothing&sort_by=hashed_password&sort_by=-age&sort_by=-username')).toEqual([
      'zoe',
      'abe',
    ]);
    expect(await names('?name=smith&sort_by=nothing')).toEqual(['zoe', 'abe']);
  });

  test('tells what is wrong with the query', async () => {
    expect(locOf(await api.user('GET', '/users?name=x&age=old&is_active=maybe'))).toEqual([
      ['string_too_short', 'query.name'],
      ['int_parsing', 'query.age'],
      ['bool_parsing', 'query.is_active'],
    ]);
  });
});

describe('one user', () => {
  test('is seen by himself and by superusers', async () => {
    expect(await api.user('GET', url(1))).toMatchObject({ status: 200, body: { username: 'user' } });
    expect(await api.root('GET', url(1))).toMatchObject({ status: 200, body: { username: 'user' } });
    expect(await api.user('GET', url(0))).toMatchObject(FORBIDDEN);
    expect(await api.user('GET', '/users/999999')).toMatchObject(FORBIDDEN);
    expect(await api.root('GET', '/users/999999')).toMatchObject(GONE);
    expect(locOf(await api.root('GET', '/users/x'))).toEqual([['int_parsing', 'path.user_id']]);
    expect((await api.anonymous('GET', url(1))).status).toBe(401);
  });
});

describe('changing', () => {
  test('some fields leaves the others; the time of the change is kept', async () => {
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

  test('is for oneself and for superusers', async () => {
    expect(await api.user('PATCH', url(0), { age: 7 })).toMatchObject(FORBIDDEN);
    expect(await api.user('PATCH', '/users/999999', {})).toMatchObject(FORBIDDEN);
    expect(await api.root('PATCH', '/users/999999', { age: 7 })).toMatchObject(GONE);
    expect((await api.anonymous('PATCH', url(1), {})).status).toBe(401);
  });

  test("to what is taken is refused, but not to what is one's own", async () => {
    expect(await api.user('PATCH', url(1), { email: 'root@EXAMPLE.com' })).toMatchObject(EMAIL_TAKEN);
    expect(await api.user('PATCH', url(1), { username: 'root', email: 'root@example.com' })).toMatchObject(EMAIL_TAKEN);
    expect(await api.user('PATCH', url(1), { username: 'root' })).toMatchObject(NAME_TAKEN);
    expect(await api.user('PATCH', url(1), { username: 'root', email: 'user@example.com' })).toMatchObject(NAME_TAKEN);
    expect((await api.user('PATCH', url(1), { username: 'user', email: 'user@example.com' })).status).toBe(200);
  });

  test('tells all faults, null where none may be among them', async () => {
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

  test("one's rights is for superusers alone", async () => {
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

  test('the password ends all sessions, and the old one is good for nothing', async () => {
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

  test('to inactive ends all sessions for good', async () => {
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

describe('deleting', () => {
  test('answers who it was, and ends his sessions', async () => {
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

  test('is for superusers, and not of oneself', async () => {
    expect(await api.user('DELETE', url(2))).toMatchObject(FORBIDDEN);
    expect((await api.anonymous('DELETE', url(2))).status).toBe(401);
    expect((await api.root('DELETE', url(0))).status).toBe(400);
    expect((await api.root('DELETE', '/users/x')).status).toBe(422);
  });
});

describe('the last active superuser', () => {
  const superusers = () => db.database('users').where({ role: 'admin', is_active: true }).pluck('username');

  test('can be neither demoted nor deactivated', async () => {
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
  ] as const)('is left when two %s each other at once', async (_what, method, body) => {
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
