import { createHash } from 'node:crypto';
import { type TestStack, useTestApi } from '../../support/api-support';
import { apiKeyCalls, times } from './api-key-calls';

let { db, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, api } = stack));
const { create, statusOf, setRole } = apiKeyCalls(() => ({ db, api }));
const locsOf = (answer: { status: number; body: { detail: { loc: string[] }[] } }) => [
  answer.status,
  ...answer.body.detail.map(({ loc }) => loc.join('.')),
];

describe('creating an API key', () => {
  test('shows the key once, and all other fields in the list', async () => {
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

  test('stores only a hash of the key', async () => {
    const { id, key } = await create();
    const row = await db.database('api_keys').where({ id }).first();
    expect(row.key_hash).toBe(createHash('sha256').update(key).digest('hex'));
    await statusOf(key);
    await api.services.apiKeyAuthenticator.settle();
    const secret = key.slice(-64);
    const { rows: tables } = await db.database.raw<{ rows: { name: string }[] }>(
      `select table_name as name from information_schema.tables
       where table_schema = 'public' and table_type = 'BASE TABLE'`,
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

  test('sets an expiry from a date or a number of days, or none', async () => {
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

  test('reports all faults at once, and creates nothing', async () => {
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

  test("refuses scopes beyond the owner's role", async () => {
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

  test('allows fifty keys, also for concurrent requests; expired ones count, deleted ones do not', async () => {
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

  test('fails for a user who was deleted meanwhile', async () => {
    const { users } = api.services;
    await setRole(1, 'viewer');
    const user = await users.get(api.userIds[1] ?? 0);
    await users.remove(api.userIds[1] ?? 0);
    await expect(
      api.services.apiKeys.create(user as NonNullable<typeof user>, { name: 'x', scope: 'read' }),
    ).rejects.toMatchObject({ name: 'NotFoundError' });
  });
});
