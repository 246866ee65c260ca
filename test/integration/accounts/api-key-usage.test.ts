import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { createLogger } from '../../../src/platform/logger';
import { findRedisProgram, startEmbeddedRedis } from '../../../src/stack/servers/embedded-redis';
import { waitFor } from '../../support/process';
import { createTestApi, insertConfig, type TestStack, useTestApi } from '../../support/api-support';
import { apiKeyCalls, times } from './api-key-calls';

let { db, temporal, api } = {} as TestStack;
useTestApi('test', (stack) => ({ db, temporal, api } = stack));
const { create, asKey, statusOf, setRole } = apiKeyCalls(() => ({ db, api }));
const shiftUse = (id: number, seconds: number) =>
  db
    .database('api_keys')
    .where({ id })
    .update({ last_used_at: db.database.raw("now() - ? * interval '1 second'", [seconds]) });

describe('the last use of an API key', () => {
  const read = (id: number) => db.database('api_keys').where({ id }).first();
  const use = async (key: string) => {
    expect(await statusOf(key)).toBe(200);
    await api.services.apiKeyAuthenticator.settle();
  };
  const countWrites = async () => {
    await db.database.raw(`create table writes (at timestamptz default now());
      create function note_write() returns trigger language plpgsql
        as 'begin insert into writes default values; return new; end';
      create trigger note_write before update on api_keys for each row execute function note_write()`);
    return async () => (await db.database('writes')).length;
  };

  test('is written with its address, at most once a minute', async () => {
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

  test('is written once by two processes under concurrent requests', async () => {
    const other = await createTestApi({ database: db.database, temporal });
    const { key } = await create();
    const writes = await countWrites();
    await Promise.all(times(20).map((index) => (index % 2 ? api : other).withToken(key)('GET', '/auth/me')));
    await Promise.all([api.services.apiKeyAuthenticator.settle(), other.close()]);
    expect(await writes()).toBe(1);
  });

  test('does not delay requests while it cannot be written', async () => {
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
    await api.services.apiKeyAuthenticator.settle();
    expect((await read(id)).last_used_at).not.toBeNull();
  });

  test('is logged when it cannot be written, refuses nobody, and is written later', async () => {
    const lines: string[] = [];
    const own = await createTestApi({
      database: db.database,
      temporal,
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    });
    const { id, key } = await create();
    await db.database.raw(
      `create function refuse() returns trigger language plpgsql as 'begin raise exception ''disk full''; end';
       create trigger refuse before update on api_keys for each row execute function refuse()`,
    );
    expect((await own.withToken(key)('GET', '/auth/me')).status).toBe(200);
    await own.services.apiKeyAuthenticator.settle();
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

  test('is not recorded when the key was refused', async () => {
    const { id, key } = await create({ expires_in_days: 1 });
    await db
      .database('api_keys')
      .where({ id })
      .update({ expires_at: new Date(0) });
    expect(await statusOf(key)).toBe(401);
    await api.services.apiKeyAuthenticator.settle();
    expect((await read(id)).last_used_at).toBeNull();
  });
});

describe('traces of an API key in logs', () => {
  test('audits creation, deletion, and what was done with the key', async () => {
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

  test('never writes the key to the process log, whatever goes wrong', async () => {
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

describe('guessing API keys', () => {
  const guess = () => `tlk_00000000_${'0'.repeat(64)}`;
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const limited = (storeUrl?: string) =>
    createTestApi({
      database: db.database,
      temporal,
      storeUrl,
      areAttemptsLimited: true,
      app: { trustedProxies: ['127.0.0.1/32'] },
    });

  test('delays the guessing address, but neither good keys from there nor other addresses', async () => {
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

  (findRedisProgram() ? test : test.skip)('works without Redis: good keys are accepted, guesses refused', async () => {
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
