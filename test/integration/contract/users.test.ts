import { faultsOf, NO_ID, U, useContract } from './contract-api';

const contract = useContract(['users']);
const { root, user } = contract;

const FORBIDDEN = { status: 403, body: { detail: U.forbidden } };
const GONE = { status: 404, body: { detail: U.noUser } };
const unique = (name: string) => ({ email: `${name}@example.org`, username: name, password: 'a long enough one' });
const create = (body: object) => root('POST', '/users', body);
const names = async (query: string, as = root) =>
  (await as('GET', `/users${query}`)).body.map(({ username }: { username: string }) => username);
const mine = () => `/users/${contract.api.userIds[1]}`;

describe('10 POST /users', () => {
  test('creates a user with any rights', async () => {
    expect((await create(unique('ann'))).body).toMatchObject({
      is_superuser: false,
      is_active: true,
      full_name: null,
      age: null,
    });
    expect(
      (await create({ ...unique('bea'), is_superuser: 'yes', is_active: 0, age: 150, full_name: 'Bea' })).body,
    ).toMatchObject({ is_superuser: true, is_active: false, age: 150, full_name: 'Bea' });
  });

  test('refuses a short password with 400, a taken name or e-mail with 409, and names all faults', async () => {
    expect(await create({ ...unique('cia'), password: '1234567' })).toMatchObject({
      status: 400,
      body: { detail: expect.any(String) },
    });
    expect(await create({ ...unique('ann') })).toMatchObject({ status: 409, body: { detail: U.emailTaken } });
    expect(await create({ ...unique('ann'), email: 'cia@example.org' })).toMatchObject({
      status: 409,
      body: { detail: U.nameTaken },
    });
    expect(faultsOf(await create({}))).toEqual([
      ['missing', 'body.email'],
      ['missing', 'body.username'],
      ['missing', 'body.password'],
    ]);
    expect(
      faultsOf(await create({ ...unique('x'), email: 'x', age: 151, is_active: null, is_superuser: 'perhaps' })),
    ).toEqual([
      ['value_error', 'body.email'],
      ['string_too_short', 'body.username'],
      ['less_than_equal', 'body.age'],
      ['bool_type', 'body.is_active'],
      ['bool_parsing', 'body.is_superuser'],
    ]);
  });
});

describe('11 GET /users', () => {
  beforeAll(async () => {
    const row = (username: string, more: object) => ({
      username,
      email: `${username}@other.example`,
      hashed_password: 'x',
      ...more,
    });
    await contract
      .database('users')
      .insert([
        row('zoe', { full_name: 'Zoë 100% _S\\mith', age: 30 }),
        row('abe', { full_name: '王小明', age: 30 }),
        row('off', { full_name: 'Gone Smith', is_active: false }),
      ]);
  });

  test('answers an array in the order of creation, with inactive users for superusers or on request', async () => {
    const { body } = await root('GET', '/users');
    expect(body.map(({ id }: { id: number }) => id)).toEqual(
      body.map(({ id }: { id: number }) => id).sort((a: number, b: number) => a - b),
    );
    expect(await names('')).toContain('idle');
    expect(await names('', user)).not.toContain('idle');
    expect(await names('?is_active=FALSE', user)).toEqual(['idle', 'bea', 'off']);
    expect(await names('?is_active=1')).not.toContain('idle');
  });

  test('filters by a literal part of the name or the e-mail in any case, and by age', async () => {
    for (const [query, found] of [
      ['name=ZO', ['zoe']],
      ['name=smith', ['off']],
      ['name=S%5Cmith', ['zoe']],
      ['name=%25%20', ['zoe']],
      ['name=_S', ['zoe']],
      ['name=%25%25', []],
      ['name=__', []],
      ['name=%E5%B0%8F%E6%98%8E', ['abe']],
      ['name=zo%C3%AB', ['zoe']],
      ['email=ZOE@OTHER', ['zoe']],
      ['email=%25', []],
      ['age=30', ['zoe', 'abe']],
      ['age=30&name=zo&email=zoe', ['zoe']],
      ['age=0', []],
    ] as const)
      expect([query, await names(`?${query}`)]).toEqual([query, found]);
  });

  test('sorts by one or several fields, descending after a minus, and ignores unknown fields', async () => {
    expect(await names('?age=30&sort_by=username')).toEqual(['abe', 'zoe']);
    expect(await names('?age=30&sort_by=-username')).toEqual(['zoe', 'abe']);
    expect(await names('?age=30&sort_by=age&sort_by=-username')).toEqual(['zoe', 'abe']);
    expect(await names('?age=30&sort_by=hashed_password&sort_by=--username&sort_by=&sort_by=id%3Bdrop')).toEqual([
      'zoe',
      'abe',
    ]);
    for (const field of ['id', 'email', 'full_name', 'is_active', 'is_superuser', 'created_at', 'updated_at'])
      expect((await names(`?sort_by=${field}`)).length).toBeGreaterThan(4);
  });

  test('enforces the limits of its parameters', async () => {
    expect((await root('GET', '/users?name=ab')).status).toBe(200);
    expect(faultsOf(await root('GET', '/users?name=a&age=151&is_active=perhaps'))).toEqual([
      ['string_too_short', 'query.name'],
      ['less_than_equal', 'query.age'],
      ['bool_parsing', 'query.is_active'],
    ]);
    expect(faultsOf(await root('GET', '/users?name=ab&name=cd'))).toEqual([['string_type', 'query.name']]);
  });
  contract.testInteger('/users', 'age', 0, 150, user);
  contract.testBoolean('/users', 'is_active', user);
});

describe('12 GET /users/{user_id}', () => {
  test('answers a user to themselves and to superusers', async () => {
    expect((await user('GET', mine())).body).toMatchObject({ username: 'user' });
    expect((await root('GET', mine())).body).toMatchObject({ username: 'user' });
    expect(await user('GET', `/users/${contract.api.userIds[0]}`)).toMatchObject(FORBIDDEN);
    expect(await root('GET', `/users/${NO_ID}`)).toMatchObject(GONE);
    expect(faultsOf(await user('GET', '/users/me'))).toEqual([['int_parsing', 'path.user_id']]);
  });
});

describe('13 PATCH /users/{user_id}', () => {
  test('changes the fields that are sent, clears name and age with null, and accepts an empty body', async () => {
    expect((await user('PATCH', mine(), { full_name: 'U', age: 20 })).body).toMatchObject({
      full_name: 'U',
      age: 20,
      username: 'user',
    });
    expect((await user('PATCH', mine(), { full_name: null, age: null })).body).toMatchObject({
      full_name: null,
      age: null,
    });
    expect((await user('PATCH', mine(), {})).status).toBe(200);
    expect((await root('PATCH', mine(), { is_active: true, is_superuser: false, unknown: 1 })).status).toBe(200);
  });

  test('refuses null elsewhere, taken names, changes of other users, and more rights for oneself', async () => {
    expect(
      faultsOf(
        await user('PATCH', mine(), {
          username: null,
          email: null,
          password: null,
          is_active: null,
          is_superuser: null,
        }),
      ).map(([, loc]) => loc),
    ).toEqual(['body.email', 'body.username', 'body.password', 'body.is_active', 'body.is_superuser']);
    expect(await user('PATCH', mine(), { email: 'idle@example.com' })).toMatchObject({
      status: 409,
      body: { detail: U.emailTaken },
    });
    expect(await user('PATCH', mine(), { username: 'idle' })).toMatchObject({
      status: 409,
      body: { detail: U.nameTaken },
    });
    expect(await user('PATCH', `/users/${contract.api.userIds[0]}`, {})).toMatchObject(FORBIDDEN);
    expect(await user('PATCH', mine(), { is_superuser: true })).toMatchObject(FORBIDDEN);
    expect(await root('PATCH', `/users/${NO_ID}`, {})).toMatchObject(GONE);
    expect(faultsOf(await root('PATCH', '/users/x', { age: -1 }))).toEqual([
      ['int_parsing', 'path.user_id'],
      ['greater_than_equal', 'body.age'],
    ]);
    expect(faultsOf(await user('PATCH', mine(), { password: 'password123', age: 200 }))).toEqual([
      ['less_than_equal', 'body.age'],
      ['value_error', 'body.password'],
    ]);
  });
});

describe('14 DELETE /users/{user_id}', () => {
  test('deletes a user, and answers with their last state', async () => {
    const { id } = (await create(unique('last'))).body;
    expect(await root('DELETE', `/users/${id}`)).toMatchObject({ status: 200, body: { id, username: 'last' } });
    expect(await root('DELETE', `/users/${id}`)).toMatchObject(GONE);
    expect((await root('DELETE', `/users/${contract.api.userIds[0]}`)).status).toBe(400);
  });
});

contract.testCoverage();
