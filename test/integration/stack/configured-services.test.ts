import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readConfig } from '../../../src/platform/config';
import { createDatabase, type Database } from '../../../src/platform/postgres/postgres';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import { startMail } from '../../../src/stack/servers/mail-service';
import { startPostgres } from '../../../src/stack/servers/postgres-service';
import { startReddit } from '../../../src/stack/servers/reddit-service';
import { createRedditSandbox } from '../../../src/reddit-sandbox/sandbox-server';
import { startRedis } from '../../../src/stack/servers/redis-service';
import { openState } from '../../../src/stack/stack-state';
import { startTemporal } from '../../../src/stack/servers/temporal-service';
import type { StackContext, StartService } from '../../../src/stack/servers/stack-service';
import { startMailServer } from '../../support/mail-server';
import { testServices } from '../../support/test-services';

/** A port of 127.0.0.1 on which nothing listens. */
const DEAD = '127.0.0.1:9';

describe('a service that a variable configures', () => {
  const { postgresUrl, temporalAddress, storeUrl, redisUrl } = testServices();
  const home = mkdtempSync(path.join(os.tmpdir(), 'configured-'));
  let database: Database;
  beforeAll(() => {
    database = createDatabase({ url: postgresUrl, poolSize: 1, applicationName: 'taskloom-test' });
  });
  afterAll(async () => {
    await database.destroy();
    rmSync(home, { recursive: true });
  });

  const start = (service: StartService, env: Record<string, string>) => {
    const context: StackContext = {
      config: readConfig(env),
      env,
      home,
      logFolder: home,
      state: openState(home),
      signal: new AbortController().signal,
    };
    return service(context, () => undefined);
  };
  const withPath = (pathname: string, more: Partial<URL> = {}) =>
    Object.assign(new URL(postgresUrl), { pathname, ...more }).toString();

  it('is used when it answers', async () => {
    const used = await Promise.all([
      start(startPostgres, { DATABASE_URL: postgresUrl }),
      start(startTemporal, { TEMPORAL_ADDRESS: temporalAddress }),
      start(startRedis, { REDIS_URL: storeUrl }),
    ]);
    expect(used.map((service) => service.isEmbedded)).toEqual([false, false, false]);
    expect(used[0].summary).not.toContain(new URL(postgresUrl).password);
  });

  it('is PostgreSQL as the store without REDIS_URL and without an installed Redis', async () => {
    expect(await start(startRedis, { PATH: home })).toMatchObject({
      summary: expect.stringContaining('kept in PostgreSQL'),
      env: {},
    });
    // The migrations create its tables.
    const env = { DATABASE_URL: postgresUrl, REDIS_URL: postgresUrl };
    expect(await start(startRedis, env)).toMatchObject({ env: { REDIS_URL: postgresUrl } });
  });

  // Concurrent, because two of them give up after ten seconds each.
  it.concurrent.each<[string, StartService, Record<string, string>, RegExp]>([
    [
      'PostgreSQL by URL',
      startPostgres,
      { DATABASE_URL: `postgres://me:secret@${DEAD}/x` },
      /^DATABASE_URL: PostgreSQL at postgres:\/\/me:\*\*\*@127.0.0.1:9\/x cannot be used: connection refused/,
    ],
    [
      'PostgreSQL by parts',
      startPostgres,
      { POSTGRES_HOST: '127.0.0.1', POSTGRES_PORT: '9', POSTGRES_PASSWORD: 'secret' },
      /^POSTGRES_HOST: PostgreSQL at .*:\*\*\*@127.0.0.1:9\/taskloom cannot be used: connection refused/,
    ],
    [
      'PostgreSQL, wrong password',
      startPostgres,
      { DATABASE_URL: withPath('/postgres', { password: 'secret' }) },
      /^DATABASE_URL: .*cannot be used: password authentication failed for user "taskloom"/,
    ],
    [
      'Temporal',
      startTemporal,
      { TEMPORAL_ADDRESS: DEAD },
      /^TEMPORAL_ADDRESS: Temporal at 127.0.0.1:9 cannot be used: connection refused/,
    ],
    [
      'Temporal, unknown namespace',
      startTemporal,
      { TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: 'nowhere' },
      /^TEMPORAL_NAMESPACE: Temporal at 127.0.0.1:\d+ .*has no namespace "nowhere"/,
    ],
    [
      'Redis',
      startRedis,
      { REDIS_URL: `redis://:secret@${DEAD}` },
      /^REDIS_URL: Redis at redis:\/\/:\*\*\*@127.0.0.1:9 cannot be used: connection refused/,
    ],
    [
      'PostgreSQL as the store, without its tables',
      startRedis,
      { REDIS_URL: postgresUrl },
      /^REDIS_URL: PostgreSQL at postgres:\/\/taskloom:\*\*\*@.* cannot be used: relation "key_values" does not exist$/,
    ],
    [
      'PostgreSQL, an IPv6 address without brackets',
      startPostgres,
      { POSTGRES_HOST: '::1', POSTGRES_PORT: '9' },
      /^POSTGRES_HOST: PostgreSQL at .*@\[::1\]:9\/taskloom cannot be used: connection refused/,
    ],
    [
      'Temporal, no such certificate',
      startTemporal,
      { TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_TLS_CLIENT_CERT_PATH: '/nope.pem' },
      /^TEMPORAL_TLS_CLIENT_CERT_PATH: \/nope.pem cannot be read: there is no such file/,
    ],
    ['Temporal, no such profile', startTemporal, { TEMPORAL_PROFILE: 'nope' }, /^TEMPORAL_PROFILE: .*nope/],
    [
      'Temporal, no such configuration file',
      startTemporal,
      { TEMPORAL_CONFIG_FILE: '/nope.toml' },
      /^TEMPORAL_CONFIG_FILE: \/nope.toml cannot be read: there is no such file/,
    ],
    [
      'Temporal, TLS against a server without',
      startTemporal,
      { TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_TLS: 'true' },
      /^TEMPORAL_ADDRESS: .*something listens there.*we speak TLS/,
    ],
    [
      'Reddit',
      startReddit,
      { REDDIT_CLIENT_ID: 'app', REDDIT_WWW_BASE_URL: 'http://127.0.0.1:39' },
      /^REDDIT_WWW_BASE_URL: Reddit at http:\/\/127.0.0.1:39 cannot be used: connection refused/,
    ],
  ])('fails with variable, address and cause: %s', async (_name, service, env, message) => {
    const error: Error = await start(service, env).then(
      () => Promise.reject(new Error('it started')),
      (reason) => reason,
    );
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('secret');
  });

  (redisUrl ? it : it.skip)(
    'fails when Redis has no database of that number, and writes to no other database',
    async () => {
      await expect(start(startRedis, { REDIS_URL: `${redisUrl}/9999` })).rejects.toThrow(
        /^REDIS_URL: Redis at .*\/9999 cannot be used: ERR .*out of range/,
      );
      const wrong = createKeyValueStore(`${redisUrl}/9999`);
      const right = createKeyValueStore(storeUrl);
      try {
        await expect(wrong.set('astray', 'x')).rejects.toThrow(/out of range/);
        expect(await right.get('astray')).toBeNull();
      } finally {
        await Promise.all([wrong.close(), right.close()]);
      }
    },
  );

  it('gets its missing PostgreSQL database, if the user may create it', async () => {
    await start(startPostgres, { DATABASE_URL: withPath('/made_by_start') });
    const made = await database('pg_database').where({ datname: 'made_by_start' });
    expect(made).toHaveLength(1);
    await database.raw('drop database made_by_start');
  });

  it('fails when the database is missing and the user may not create it', async () => {
    await database.raw(`create role humble login password 'secret'`);
    try {
      await expect(
        start(startPostgres, { DATABASE_URL: withPath('/not_made', { username: 'humble', password: 'secret' }) }),
      ).rejects.toThrow(/has no database "not_made", and it cannot be created: permission denied/);
    } finally {
      await database.raw('drop role humble');
    }
  });

  it('uses a mail server that answers, and starts with a warning when it does not', async () => {
    const server = await startMailServer();
    const env = { SMTP_HOST: '127.0.0.1', SMTP_PORT: String(server.port), SMTP_USE_TLS: 'false' };
    expect(await start(startMail, env)).toMatchObject({
      isEmbedded: false,
      env: {},
      summary: `uses 127.0.0.1:${server.port}`,
    });
    await server.close();
    expect((await start(startMail, env)).summary).toMatch(
      /^WARNING: 127.0.0.1:\d+ \(SMTP_HOST\) cannot be used now: .*ECONNREFUSED/,
    );
  });

  it('distinguishes a refused Reddit app, a refused Reddit login and an unreachable server', async () => {
    const reddit = {
      REDDIT_WWW_BASE_URL: (await sandbox.listen()).url,
      REDDIT_CLIENT_ID: 'app',
      REDDIT_CLIENT_SECRET: 'right',
    };
    expect(
      (await start(startReddit, { ...reddit, REDDIT_OAUTH_BASE_URL: reddit.REDDIT_WWW_BASE_URL })).isEmbedded,
    ).toBe(false);
    await expect(start(startReddit, { ...reddit, REDDIT_OAUTH_BASE_URL: 'http://127.0.0.1:39' })).rejects.toThrow(
      /^REDDIT_OAUTH_BASE_URL: Reddit at http:\/\/127.0.0.1:39 cannot be used: connection refused/,
    );
    await expect(start(startReddit, { ...reddit, REDDIT_CLIENT_SECRET: 'wrong' })).rejects.toThrow(
      /^REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET: .*\(401\)/,
    );
    await expect(
      start(startReddit, { ...reddit, REDDIT_USERNAME: 'somebody', REDDIT_PASSWORD: 'wrong' }),
    ).rejects.toThrow(/^REDDIT_USERNAME, REDDIT_PASSWORD: .*refuses this login/);
  });
  const sandbox = createRedditSandbox({
    credentials: { clientId: 'app', clientSecret: 'right', username: 'somebody', password: 'right' },
  });
  afterAll(() => sandbox.close());
});
