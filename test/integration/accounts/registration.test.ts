import { PASSWORD, type TestStack, useTestApi } from '../../support/api-support';
import { EMAIL_TAKEN, locOf, NAME_TAKEN, NEW_USER } from './user-answers';

let { db, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, api } = stack));
const register = (body: object = {}) => api.anonymous('POST', '/auth/register', { ...NEW_USER, ...body });
const login = (username: string, password: string) => api.anonymous('POST', '/auth/login', { username, password });

describe('registering', () => {
  test('creates an ordinary, active user, whatever else is asked for', async () => {
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
    for (const name of ['ann', 'Ann.Lee@EXAMPLE.org']) expect((await login(name, NEW_USER.password)).status).toBe(200);
    expect((await register({ username: 'bob', email: 'bob@example.org' })).body).toMatchObject({
      full_name: null,
      age: null,
    });
  });

  test('refuses a taken e-mail or name in any case, the e-mail first', async () => {
    await register();
    expect(await register()).toMatchObject(EMAIL_TAKEN);
    expect(await register({ username: 'other', email: 'Ann.Lee@EXAMPLE.org' })).toMatchObject(EMAIL_TAKEN);
    expect(await register({ email: 'other@example.org' })).toMatchObject(NAME_TAKEN);
    expect(await register({ username: 'other', email: 'ann.LEE@example.org' })).toMatchObject(EMAIL_TAKEN);
    expect(await register({ email: 'other@example.org', username: 'ANN' })).toMatchObject(NAME_TAKEN);
    expect(await register({ email: 'ANN.lee@example.org', username: 'ANN' })).toMatchObject(EMAIL_TAKEN);
    expect(
      await api.root('POST', '/users', { ...NEW_USER, email: 'other@example.org', username: 'aNN' }),
    ).toMatchObject(NAME_TAKEN);
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

  test('lets users whose names differ only in case sign in by their own spelling', async () => {
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
      expect([name, await subOf(name, NEW_USER.password)]).toEqual([name, oldest]);
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

  test('gives the name to one of many concurrent registrations', async () => {
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

  test('reports all faults at once, without the password', async () => {
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

test('accepts a bcrypt hash of the predecessor once, and replaces it by argon2id', async () => {
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
