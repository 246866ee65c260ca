import { createHash } from 'node:crypto';
import { connect, type AddressInfo } from 'node:net';
import { createTaskloomClient } from '../../../clients/typescript/src';
import { waitFor } from '../../support/process';
import { insertConfig, PASSWORD, type TestStack, useTestApi } from '../../support/api-support';
import { apiKeyCalls, times } from './api-key-calls';

let { db, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, api } = stack));
const { create, asKey, statusOf, setRole } = apiKeyCalls(() => ({ db, api }));
const refusal = (detail: RegExp) => ({
  status: 401,
  body: { detail: expect.stringMatching(detail) },
  headers: { 'www-authenticate': 'Bearer' },
});

describe('an API key', () => {
  test("grants the lesser of its scope and its owner's present role", async () => {
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

  test('is refused at once when it is revoked or expired, or its owner deactivated or deleted', async () => {
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

  test('does not survive when it is created while its owner is being deactivated', async () => {
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

  test('survives logout and a new password, which end sessions', async () => {
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

  test('is distinguished from another key with the same prefix', async () => {
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

  test('is refused like any bad token when it is damaged, odd or huge', async () => {
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

  test('is valid until the moment of its revocation, and never after', async () => {
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

test('an API key expires by the clock of the database', async () => {
  const { id, key } = await create({ expires_in_days: 1 });
  await db
    .database('api_keys')
    .where({ id })
    .update({ expires_at: db.database.raw("now() + interval '1 second'") });
  expect(await statusOf(key)).toBe(200);
  await waitFor(async () => (await statusOf(key)) === 401);
});
