import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { createTaskloomClient } from '../../../clients/typescript/src';
import { createLogger } from '../../../src/platform/logger';
import { findRedisProgram, startEmbeddedRedis } from '../../../src/stack/servers/embedded-redis';
import { waitFor } from '../../support/process';
import {
  createTestApi,
  insertConfig,
  PASSWORD,
  type TestApi,
  type TestStack,
  useTestApi,
} from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, temporal, api } = stack));

type Caller = TestApi['root'];
const create = async (body: object = {}, as: Caller = api.root) => {
  const answer = await as('POST', '/auth/api-keys', { name: 'a script', scope: 'admin', ...body });
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return answer.body as { id: number; key: string; prefix: string };
};
const asKey = (key: string) => api.withToken(key);
const statusOf = async (key: string, path = '/auth/me') => (await asKey(key)('GET', path)).status;
const refusal = (detail: RegExp) => ({
  status: 401,
  body: { detail: expect.stringMatching(detail) },
  headers: { 'www-authenticate': 'Bearer' },
});
const locsOf = (answer: { status: number; body: { detail: { loc: string[] }[] } }) => [
  answer.status,
  ...answer.body.detail.map(({ loc }) => loc.join('.')),
];
const setRole = (index: number, role: string | null) =>
  db.database('users').where({ id: api.userIds[index] }).update({ role });
const shiftUse = (id: number, seconds: number) =>
  db
    .database('api_keys')
    .where({ id })
    .update({ last_used_at: db.database.raw("now() - ? * interval '1 second'", [seconds]) });
const times = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('making a key', () => {
  test('tells it once, and shows the rest in the list', async () => {
    const expires_at = '2099-01-01T00:00:00.000Z';
    const { status, body, headers } = await api.root('POST', '/auth/api-keys', {
      name: '  nightly export ',
      scope: 'read',
      expires_at,
    });
    const shown = {
      id: expect.any(Number),
      name: 'nightly export',
      prefix: expect.stringMatching(/^tlk_[\da-f]{8}$/),
      scope: 'read',
      created_at: expect.stringMatching(/Z$/),
      expires_at,
      is_expired: false,
      last_used_at: null,
      last_used_address: null,
    };
    expect([status, body, headers['cache-control']]).toEqual([
      201,
      { ...shown, key: expect.stringMatching(/^tlk_[\da-f]{8}_[\da-f]{64}$/) },
      'no-store',
    ]);
    expect(body.key.startsWith(`${body.prefix}_`)).toBe(true);
    const second = await create({ name: 'another' });
    expect(second.key).not.toBe(body.key);
    const list = await api.root('GET', '/auth/api-keys');
    expect(list.body.map(({ name }: { name: string }) => name)).toEqual(['another', 'nightly export']);
    expect(list.body[1]).toEqual(shown);
    expect((await api.user('GET', '/auth/api-keys')).body).toEqual([]);
  });

  test('keeps a hash and nothing else of it', async () => {
    const { id, key } = await create();
    const row = await db.database('api_keys').where({ id }).first();
    expect(row.key_hash).toBe(createHash('sha256').update(key).digest('hex'));
    await statusOf(key);
    await api.services.apiKeyCheck.settle();
    const secret = key.slice(-64);
    const { rows: tables } = await db.database.raw<{ rows: { name: string }[] }>(
      "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    );
    expect(tables.map(({ name }) => name)).toContain('api_keys');
    for (const { name } of tables) {
      const { rows } = await db.database.raw<{ rows: unknown[] }>('select 1 from ?? as r where r::text like ?', [
        name,
        `%${secret}%`,
      ]);
      expect([name, rows]).toEqual([name, []]);
    }
    expect((await api.root('GET', '/auth/api-keys')).text).not.toContain(secret);
    expect((await api.root('GET', '/audit-log')).text).not.toContain(secret);
  });

  test('ends when it was told to: on a day, after days, or never', async () => {
    const inDays = await api.root('POST', '/auth/api-keys', {
      name: 'x',
      scope: 'read',
      expires_in_days: '30',
      expires_at: null,
    });
    const days = (new Date(inDays.body.expires_at).getTime() - new Date(inDays.body.created_at).getTime()) / 86_400_000;
    expect(Math.round(days * 100) / 100).toBe(30);
    expect(
      (await api.root('POST', '/auth/api-keys', { name: 'x', scope: 'read', expires_at: null })).body.expires_at,
    ).toBeNull();
    expect(
      (await api.root('POST', '/auth/api-keys', { name: 'x', scope: 'read', expires_at: '2099-01-01T02:00:00+02:00' }))
        .body.expires_at,
    ).toBe('2099-01-01T00:00:00.000Z');
  });

  test('tells all that is wrong at once, and makes none', async () => {
    const make = async (body: object) =>
      locsOf(await api.root('POST', '/auth/api-keys', { name: 'x', scope: 'read', ...body }));
    expect(
      await make({
        name: ' ',
        scope: 'all',
        expires_at: new Date(Date.now() - 1_000).toISOString(),
        expires_in_days: 0,
      }),
    ).toEqual([422, 'body.name', 'body.scope', 'body.expires_in_days', 'body.expires_at']);
    expect(await make({ expires_at: '2099-01-01', expires_in_days: 3 })).toEqual([422, 'body.expires_in_days']);
    expect(await make({ expires_at: 'tomorrow' })).toEqual([422, 'body.expires_at']);
    expect(await make({ expires_in_days: 3_651 })).toEqual([422, 'body.expires_in_days']);
    expect(await make({ name: 'x'.repeat(101) })).toEqual([422, 'body.name']);
    expect(await make({ name: 'nul \0' })).toEqual([422, 'body.name']);
    expect(locsOf(await api.root('POST', '/auth/api-keys', {}))).toEqual([422, 'body.name', 'body.scope']);
    expect(await db.database('api_keys')).toEqual([]);
  });

  test('goes no further than the role of its owner', async () => {
    const granted = { null: [], viewer: ['read'], operator: ['read', 'operate'], admin: ['read', 'operate', 'admin'] };
    for (const [role, scopes] of Object.entries(granted)) {
      await setRole(1, role === 'null' ? null : role);
      const answers = await Promise.all(
        ['read', 'operate', 'admin'].map(async (scope) => ({
          scope,
          ...(await api.user('POST', '/auth/api-keys', { name: 'x', scope })),
        })),
      );
      expect([role, answers.filter(({ status }) => status === 201).map(({ scope }) => scope)]).toEqual([role, scopes]);
      for (const { scope, status, body } of answers)
        if (status !== 201) expect([status, body.detail]).toEqual([403, expect.stringContaining(scope)]);
    }
  });

  test('ends at fifty, also of many at once; expired ones count, and a deleted one makes room', async () => {
    await db.database('api_keys').insert(
      times(48).map((index) => ({
        user_id: api.userIds[0],
        name: 'x',
        prefix: 'tlk_00000000',
        key_hash: String(index),
        scope: 'read',
        expires_at: new Date(0),
      })),
    );
    const answers = await Promise.all(
      times(8).map(() => api.root('POST', '/auth/api-keys', { name: 'x', scope: 'read' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.detail).toMatch(/50/);
    const { body } = await api.root('GET', '/auth/api-keys');
    expect(body).toHaveLength(50);
    expect((await api.root('DELETE', `/auth/api-keys/${body[49].id}`)).status).toBe(204);
    await create();
    await setRole(1, 'viewer');
    await create({ scope: 'read' }, api.user);
  });

  test('does not do for a user who was deleted meanwhile', async () => {
    const { users } = api.services;
    await setRole(1, 'viewer');
    const user = await users.get(api.userIds[1] ?? 0);
    await users.remove(api.userIds[1] ?? 0);
    await expect(
      api.services.apiKeys.create(user as NonNullable<typeof user>, { name: 'x', scope: 'read' }),
    ).rejects.toMatchObject({ name: 'NotFoundError' });
  });
});

describe('a key', () => {
  test('opens what its scope and the present role of its owner open, whichever is less', async () => {
    await setRole(1, 'operator');
    const { key } = await create({ scope: 'operate' }, api.user);
    const id = await insertConfig(db.database);
    const seen = async () => [
      await statusOf(key),
      await statusOf(key, '/tasks/configs'),
      (await asKey(key)('POST', `/tasks/schedules/${id}/stop`)).status,
      (await asKey(key)('DELETE', `/tasks/configs/${id}`)).status,
    ];
    expect(await seen()).toEqual([200, 200, 200, 403]);
    await setRole(1, 'admin');
    expect(await seen()).toEqual([200, 200, 200, 403]);
    expect((await asKey(key)('DELETE', `/tasks/configs/${id}`)).body.detail).toBe(
      'The API key has the scope operate; this needs admin',
    );
    expect((await asKey(key)('GET', '/auth/me')).body).toMatchObject({
      username: 'user',
      role: 'operator',
      is_superuser: false,
    });
    await setRole(1, 'viewer');
    expect(await seen()).toEqual([200, 200, 403, 403]);
    expect((await asKey(key)('POST', `/tasks/schedules/${id}/stop`)).body.detail).toBe('权限不足');
    await setRole(1, null);
    expect(await seen()).toEqual([200, 403, 403, 403]);
  });

  test('is refused at once when it is revoked, has expired, or its owner is deactivated or deleted', async () => {
    await setRole(1, 'viewer');
    const revoked = await create();
    expect((await api.root('DELETE', `/auth/api-keys/${revoked.id}`)).status).toBe(204);
    expect(await asKey(revoked.key)('GET', '/auth/me')).toMatchObject(refusal(/revoked/));
    expect((await api.root('DELETE', `/auth/api-keys/${revoked.id}`)).status).toBe(404);

    const expired = await create({ expires_in_days: 1 });
    expect(await statusOf(expired.key)).toBe(200);
    await db
      .database('api_keys')
      .where({ id: expired.id })
      .update({ expires_at: db.database.raw("now() - interval '1 millisecond'") });
    expect(await asKey(expired.key)('GET', '/auth/me')).toMatchObject(refusal(/expired/));
    expect((await api.root('GET', '/auth/api-keys')).body).toMatchObject([{ id: expired.id, is_expired: true }]);

    const { key } = await create({ scope: 'read' }, api.user);
    expect(await statusOf(key)).toBe(200);
    await api.root('PATCH', `/users/${api.userIds[1]}`, { is_active: false });
    expect(await asKey(key)('GET', '/auth/me')).toMatchObject(refusal(/unknown/));
    await api.root('PATCH', `/users/${api.userIds[1]}`, { is_active: true });
    expect(await asKey(key)('GET', '/auth/me')).toMatchObject(refusal(/unknown/));
    expect((await api.root('GET', '/auth/api-keys')).body).toHaveLength(1);

    const again = await db
      .database('users')
      .where({ id: api.userIds[1] })
      .first<{ id: number; session_version: number }>();
    const { key: another } = await create({ scope: 'read' }, api.withToken(await api.signIn(again)));
    expect(await statusOf(another)).toBe(200);
    await api.root('DELETE', `/users/${api.userIds[1]}`);
    expect(await asKey(another)('GET', '/auth/me')).toMatchObject(refusal(/unknown/));
    expect(await db.database('api_keys').where({ user_id: api.userIds[1] })).toEqual([]);
  });

  test('is not left over when it is made while its owner is deactivated', async () => {
    await setRole(1, 'viewer');
    const keys = () => db.database('api_keys').where({ user_id: api.userIds[1] });
    for (let round = 0; round < 5; round++) {
      await db.database('users').where({ id: api.userIds[1] }).update({ is_active: true });
      const ask = api.withToken(
        await api.signIn(
          await db.database('users').where({ id: api.userIds[1] }).first<{ id: number; session_version: number }>(),
        ),
      );
      await Promise.all([
        api.root('PATCH', `/users/${api.userIds[1]}`, { is_active: false }),
        ...times(4).map((index) => ask('POST', '/auth/api-keys', { name: `k${index}`, scope: 'read' })),
      ]);
      expect(await keys()).toEqual([]);
    }
  });

  test('reaches neither sessions nor keys nor the password and e-mail of its owner', async () => {
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

  test('gives nobody access, and takes it from nobody, its owner or others; what is no door it may write', async () => {
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

  test('of somebody else is seen and revoked by admins only', async () => {
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

  test('outlives logout and a new password, which end sessions', async () => {
    const { key } = await create();
    const { access_token } = (await api.anonymous('POST', '/auth/login', { username: 'root', password: PASSWORD }))
      .body;
    await api.root('POST', '/auth/logout');
    expect([await statusOf(access_token as string), await statusOf(key)]).toEqual([401, 200]);
    const again = (await api.anonymous('POST', '/auth/login', { username: 'root', password: PASSWORD })).body
      .access_token as string;
    expect(
      (await api.withToken(again)('PATCH', `/users/${api.userIds[0]}`, { password: 'a long enough one' })).status,
    ).toBe(200);
    expect([await statusOf(again), await statusOf(key)]).toEqual([401, 200]);
  });

  test('is told from another with the same prefix', async () => {
    await setRole(1, 'viewer');
    const prefix = 'tlk_00c0ffee';
    const keys = ['a', 'b'].map((letter) => `${prefix}_${letter.repeat(64)}`);
    await db.database('api_keys').insert(
      keys.map((key, index) => ({
        user_id: api.userIds[index],
        name: 'x',
        prefix,
        key_hash: createHash('sha256').update(key).digest('hex'),
        scope: 'read',
      })),
    );
    const names = await Promise.all(keys.map(async (key) => (await asKey(key)('GET', '/auth/me')).body.username));
    expect(names).toEqual(['root', 'user']);
    expect(await statusOf(`${prefix}_${'c'.repeat(64)}`)).toBe(401);
  });

  test('that is damaged, odd or huge is refused like any bad token', async () => {
    const { key } = await create();
    const odd = [
      `${key}0`,
      key.slice(0, -1),
      key.toUpperCase(),
      key.replace('tlk_', 'TLK_'),
      `${key}\0`,
      key.replace(/.$/, '\0'),
      `tlk_${'é'.repeat(73)}`,
      'tlk_',
      `tlk_${'x'.repeat(12_000)}`,
      `tlk_' or 1=1 --`.replaceAll(' ', ''),
      key.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ];
    for (const one of odd)
      expect([one, await asKey(one)('GET', '/auth/me')]).toMatchObject([
        one,
        { status: 401, headers: { 'www-authenticate': 'Bearer' } },
      ]);
    for (const authorization of [key, `Basic ${key}`, `Bearer ${key} ${key}`, `Bearer ${key},${key}`, `Token ${key}`])
      expect([authorization, (await api.anonymous('GET', '/auth/me', undefined, { authorization })).status]).toEqual([
        authorization,
        401,
      ]);
    expect((await api.anonymous('GET', '/auth/me', undefined, { authorization: `bEaReR   ${key} ` })).status).toBe(200);
    expect((await api.anonymous('GET', `/auth/me?api_key=${key}`)).status).toBe(401);
    expect(await statusOf(key, '/nothing/here')).toBe(404);
    expect(await statusOf(odd[0] as string, '/nothing/here')).toBe(401);
    // Node's own limit of headers, over a real socket; and a NUL that no parser lets through.
    await api.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = api.app.server.address() as AddressInfo;
    const send = async (value: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${value}\r\nConnection: close\r\n\r\n`,
      );
      const parts: Buffer[] = [];
      for await (const part of socket) parts.push(part as Buffer);
      return Buffer.concat(parts).toString().slice(9, 12);
    };
    expect([await send(key), await send(`tlk_${'x'.repeat(20_000)}`), await send(`${key}\0`)]).toEqual([
      '200',
      '431',
      '400',
    ]);
  });

  test('that is revoked while it is at work is good until then, and never after', async () => {
    for (let round = 0; round < 5; round++) {
      const { id, key } = await create();
      let isRevoked = false;
      const use = async () => {
        const wasRevoked = isRevoked;
        return { wasRevoked, status: await statusOf(key) };
      };
      const first = times(15).map(use);
      const revoking = api.root('DELETE', `/auth/api-keys/${id}`).then(({ status }) => {
        isRevoked = true;
        return status;
      });
      const second = times(15).map(use);
      expect(await revoking).toBe(204);
      const uses = await Promise.all([...first, ...second, ...times(5).map(use)]);
      for (const { wasRevoked, status } of uses) expect(wasRevoked ? [401] : [200, 401]).toContain(status);
      expect(uses.filter(({ wasRevoked }) => wasRevoked)).toHaveLength(5);
    }
  });

  test('works with the typed client', async () => {
    const { key } = await create({ scope: 'read' });
    const baseUrl = await api.app.listen({ host: '127.0.0.1', port: 0 });
    const client = createTaskloomClient({ baseUrl, token: () => key });
    expect((await client.GET('/api/v1/tasks/configs')).data?.items).toEqual([]);
    expect((await client.GET('/api/v1/auth/api-keys')).data?.map(({ scope }) => scope)).toEqual(['read']);
    expect((await client.POST('/api/v1/tasks/execute/{id}', { params: { path: { id: 1 } } })).response.status).toBe(
      403,
    );
  });
});

describe('the last use', () => {
  const read = (id: number) => db.database('api_keys').where({ id }).first();
  const use = async (key: string) => {
    expect(await statusOf(key)).toBe(200);
    await api.services.apiKeyCheck.settle();
  };
  const countWrites = async () => {
    await db.database.raw(`create table writes (at timestamptz default now());
      create function note_write() returns trigger language plpgsql as 'begin insert into writes default values; return new; end';
      create trigger note_write before update on api_keys for each row execute function note_write()`);
    return async () => (await db.database('writes')).length;
  };

  test('is written with its address, once a minute at most', async () => {
    const { id, key } = await create();
    const writes = await countWrites();
    await Promise.all(times(20).map(() => statusOf(key)));
    await use(key);
    const { body } = await api.root('GET', '/auth/api-keys');
    expect(body).toMatchObject([{ last_used_at: expect.stringMatching(/Z$/), last_used_address: '127.0.0.1' }]);
    expect(await writes()).toBe(1);
    await shiftUse(id, 55);
    const before = await read(id);
    await use(key);
    expect([await writes(), await read(id)]).toEqual([2, before]);
    await shiftUse(id, 61);
    await use(key);
    expect([await writes(), (await read(id)).last_used_at > before.last_used_at]).toEqual([4, true]);
  });

  test('is written once by two processes that are asked at once', async () => {
    const other = await createTestApi({ database: db.database, temporal });
    const { key } = await create();
    const writes = await countWrites();
    await Promise.all(times(20).map((index) => (index % 2 ? api : other).withToken(key)('GET', '/auth/me')));
    await Promise.all([api.services.apiKeyCheck.settle(), other.close()]);
    expect(await writes()).toBe(1);
  });

  test('is not waited for', async () => {
    const { id, key } = await create();
    const lock = await db.database.transaction();
    await lock('api_keys').where({ id }).forUpdate();
    // All are answered while the row cannot be written, and only one writer waits for it: more would use up the pool.
    expect(await Promise.all(times(3).map(() => statusOf(key)))).toEqual([200, 200, 200]);
    expect(await statusOf(key)).toBe(200);
    const waiting = () =>
      lock('pg_stat_activity').whereRaw("datname = current_database() and wait_event_type = 'Lock'").pluck('query');
    await waitFor(async () => (await waiting()).length > 0);
    expect(await waiting()).toEqual([expect.stringContaining('update "api_keys"')]);
    expect((await lock('api_keys').where({ id }).first()).last_used_at).toBeNull();
    await lock.commit();
    await api.services.apiKeyCheck.settle();
    expect((await read(id)).last_used_at).not.toBeNull();
  });

  test('that cannot be written is told to the log, and refuses nobody; a later one is written', async () => {
    const lines: string[] = [];
    const own = await createTestApi({
      database: db.database,
      temporal,
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    });
    const { id, key } = await create();
    await db.database.raw(
      "create function refuse() returns trigger language plpgsql as 'begin raise exception ''disk full''; end'; create trigger refuse before update on api_keys for each row execute function refuse()",
    );
    expect((await own.withToken(key)('GET', '/auth/me')).status).toBe(200);
    await own.services.apiKeyCheck.settle();
    expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 50)).toMatchObject([
      {
        apiKeyId: id,
        msg: 'the last use of an API key was not written',
        err: { message: expect.stringContaining('disk full') },
      },
    ]);
    await db.database.raw('drop trigger refuse on api_keys');
    expect((await own.withToken(key)('GET', '/auth/me')).status).toBe(200);
    await own.close();
    expect((await read(id)).last_used_at).not.toBeNull();
  });

  test('is none when the key was refused', async () => {
    const { id, key } = await create({ expires_in_days: 1 });
    await db
      .database('api_keys')
      .where({ id })
      .update({ expires_at: new Date(0) });
    expect(await statusOf(key)).toBe(401);
    await api.services.apiKeyCheck.settle();
    expect((await read(id)).last_used_at).toBeNull();
  });
});

describe('what is kept of a key elsewhere', () => {
  test('the audit log tells of its making, its end, and what was done with it', async () => {
    await setRole(1, 'viewer');
    const { id, prefix, key } = await create({ name: 'deploy' });
    const config = await insertConfig(db.database);
    await asKey(key)('DELETE', `/tasks/configs/${config}`);
    await asKey(key)('POST', '/auth/logout');
    await api.root('DELETE', `/auth/api-keys/${id}`);
    const others = await create({ scope: 'read' }, api.user);
    await api.root('DELETE', `/auth/api-keys/${others.id}?user_id=${api.userIds[1]}`);
    const entries = (await api.root('GET', '/audit-log')).body;
    expect(entries).toMatchObject([
      {
        action: 'api_key.delete',
        target_id: String(others.id),
        actor_name: 'root',
        details: { user_id: api.userIds[1] },
      },
      { action: 'api_key.create', target_id: String(others.id), actor_name: 'user' },
      { action: 'api_key.delete', target_type: 'api_key', target_id: String(id), outcome: 'succeeded', api_key: null },
      { action: 'auth.logout', actor_name: 'root', outcome: 'refused', status: 403, api_key: { id, prefix } },
      {
        action: 'config.delete',
        actor_name: 'root',
        target_id: String(config),
        outcome: 'succeeded',
        api_key: { id, prefix },
      },
      {
        action: 'api_key.create',
        target_id: String(id),
        api_key: null,
        details: { name: 'deploy', scope: 'admin', expires_at: null, prefix },
      },
    ]);
    expect(
      (await api.root('GET', `/audit-log?api_key_id=${id}`)).body.map(({ action }: { action: string }) => action),
    ).toEqual(['auth.logout', 'config.delete']);
    expect(JSON.stringify(await db.database('audit_log'))).not.toContain(key.slice(-64));
  });

  test('the log has none of it, whatever goes wrong', async () => {
    const lines: string[] = [];
    const log = createLogger({ name: 'api', level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const own = await createTestApi({ database: db.database, temporal, log });
    const { body } = await own.root('POST', '/auth/api-keys', { name: 'x', scope: 'admin' });
    const key = String(body.key);
    const ask = own.withToken(key);
    await ask('GET', '/auth/me');
    await ask('POST', '/auth/logout');
    await ask('GET', `/nothing/here?key=${key}`);
    own.services.executions.stats = () => Promise.reject(new Error('broken'));
    own.services.audit.record = () => Promise.reject(new Error('broken'));
    await ask('GET', '/tasks/executions/stats');
    await own.root('POST', '/auth/api-keys', { name: 'y', scope: 'admin' });
    await own.root('DELETE', `/auth/api-keys/${body.id}`);
    await ask('GET', '/auth/me');
    await db.database.raw('alter table api_keys rename to hidden');
    expect((await ask('GET', '/auth/me')).status).toBe(500);
    log.error(
      { req: { headers: { authorization: `Bearer ${key}` } }, apiKey: key, options: { api_key: key } },
      'as somebody might write it',
    );
    await db.database.raw('alter table hidden rename to api_keys');
    await own.close();
    const text = lines.join('');
    expect(lines.length).toBeGreaterThan(8);
    expect(text).toContain(`"apiKeyId":${body.id}`);
    expect(text).not.toContain(key.slice(-64));
  });
});

describe('guessing', () => {
  const guess = () => `tlk_00000000_${'0'.repeat(64)}`;
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const limited = (storeUrl?: string) =>
    createTestApi({
      database: db.database,
      temporal,
      storeUrl,
      areAttemptsLimited: true,
      app: { trustedProxies: ['127.0.0.1'] },
    });

  test('makes an address wait; good keys from there do not, nor guesses from elsewhere', async () => {
    const own = await limited();
    const { id, key } = await create();
    const ask = (token: string, address = '192.0.2.1') =>
      own.withToken(token)('GET', '/auth/me', undefined, from(address));
    for (const index of times(99))
      expect([index, (await ask(index % 2 ? guess() : 'tlk_malformed')).status]).toEqual([index, 401]);
    // One that is known and has expired is no guess.
    const expired = await create({ expires_in_days: 1 });
    await db
      .database('api_keys')
      .where({ id: expired.id })
      .update({ expires_at: new Date(0) });
    for (const index of times(3)) expect([index, (await ask(expired.key)).status]).toEqual([index, 401]);
    expect((await ask(guess())).status).toBe(401);
    const refused = await ask(guess());
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
    expect((await ask(key)).status).toBe(200);
    expect((await ask(guess(), '192.0.2.2')).status).toBe(401);
    await own.close();
    expect((await db.database('api_keys').where({ id }).first()).last_used_address).toBe('192.0.2.1');
  });

  (findRedisProgram() ? test : test.skip)('and keys themselves need no Redis', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-keys-'));
    const redis = await startEmbeddedRedis({ folder, logFile: path.join(folder, 'redis.log'), password: 'none' });
    const own = await limited(redis.url);
    const { key } = await create();
    await redis.stop();
    expect((await own.root('GET', '/auth/me')).status).toBe(503);
    expect((await own.withToken(key)('GET', '/tasks/configs')).status).toBe(200);
    expect((await own.withToken(guess())('GET', '/tasks/configs')).status).toBe(401);
    await own.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

test('a key that outlived a wait is seen to be expired by the clock of the database', async () => {
  const { id, key } = await create({ expires_in_days: 1 });
  await db
    .database('api_keys')
    .where({ id })
    .update({ expires_at: db.database.raw("now() + interval '1 second'") });
  expect(await statusOf(key)).toBe(200);
  await waitFor(async () => (await statusOf(key)) === 401);
});
