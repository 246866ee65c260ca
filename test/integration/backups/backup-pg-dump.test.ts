import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createDatabase, migrate, type Database } from '../../../src/platform/postgres/postgres';
import { askPostgres } from '../../../src/platform/startup/start-checks';
import { choosePort } from '../../../src/stack/processes/free-port';
import { unprivilegedUser } from '../../../src/stack/servers/postgres-binaries';
import { classifyFailure } from '../../../src/activities/failures';
import { programVersion } from '../../../src/backups/pg-dump';
import { startServiceProcess, type ServiceProcess } from '../../../src/stack/processes/service-process';
import { waitFor } from '../../support/process';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import {
  createBackupBench,
  everything,
  fillDatabase,
  nameOf,
  restoreElsewhere,
  schemaOf,
  type BackupBench,
} from '../../support/backup-support';

jest.setTimeout(180_000);

/** PostgreSQL's client programs do not come with the embedded server: those of this machine, if there are any. */
const dumpVersion = programOf('pg_dump');
const EMBEDDED = 18;

function programOf(name: string): number | undefined {
  try {
    return Number(
      /\(PostgreSQL\) (\d+)/.exec(execFileSync(name, ['--version'], { encoding: 'utf8', stdio: 'pipe' }))?.[1],
    );
  } catch {
    return undefined;
  }
}
/** Debian keeps the server of that version beside them. */
const serverBinaries = `/usr/lib/postgresql/${dumpVersion}/bin`;
const canTest =
  dumpVersion !== undefined &&
  programOf('pg_restore') === dumpVersion &&
  (dumpVersion >= EMBEDDED || existsSync(path.join(serverBinaries, 'initdb')));
const name = canTest
  ? 'a backup by pg_dump'
  : `SKIPPED: pg_dump is not on the PATH, or (version ${dumpVersion ?? 'none'}) older than the embedded PostgreSQL ` +
    `${EMBEDDED} and without a server of its own version in /usr/lib/postgresql`;

(canTest ? describe : describe.skip)(name, () => {
  let db: Pick<TestDatabase, 'database' | 'url' | 'drop'>;
  let bench: BackupBench;

  beforeEach(async () => {
    db = (dumpVersion ?? 0) >= EMBEDDED ? await createTestDatabase() : await startOlderServer();
    bench = createBackupBench(db);
    await fillDatabase(db.database);
  });
  afterEach(async () => {
    bench?.remove();
    await db?.drop();
  });

  test('is used by auto, and is restored with incremental backups on top', async () => {
    const full = await bench.run({ method: 'auto' });
    expect(full).toMatchObject({ backup_type: 'full', method: 'pg_dump' });
    const place = bench.folder.placeOf(nameOf(full));
    expect(readdirSync(place).sort()).toEqual(['SHA256SUMS', 'database.dump', 'manifest.json']);
    expect((statSync(path.join(place, 'database.dump')).mode & 0o777).toString(8)).toBe('600');
    // What comes with PostgreSQL reads it without us, too.
    expect(execFileSync('pg_restore', ['--list', path.join(place, 'database.dump')], { encoding: 'utf8' })).toMatch(
      /TABLE DATA public task_executions/,
    );
    const rows = await everything(db.database);
    expect(full.rows).toBe(Object.values(rows).flat().length);

    await db.database('users').where({ username: 'bert' }).update({ username: 'changed' });
    await db.database('reddit_posts').where({ id: 'p9' }).delete();
    const last = await bench.run({ backup_type: 'incremental', method: 'auto' });
    expect(last).toMatchObject({ backup_type: 'incremental', method: 'copy', parent: nameOf(full) });
    for (const [result, expected] of [
      [full, rows],
      [last, await everything(db.database)],
    ] as const) {
      const target = await restoreElsewhere(bench.folder, nameOf(result));
      expect(await everything(target.database)).toEqual(expected);
      expect((await target.database.raw('select * from execution_totals_faults()')).rows).toEqual([]);
      await target.drop();
    }
  });

  test('is restored into an empty database by pg_restore alone, extensions included', async () => {
    await db.database.raw('create schema "other ""one""" create table left_out (id int)');
    const archive = path.join(bench.folder.placeOf(nameOf(await bench.run({ method: 'pg_dump' }))), 'database.dump');
    await db.database.raw('create database by_pg_restore template template0');
    const url = new URL(db.url);
    url.pathname = '/by_pg_restore';
    const target = createDatabase({ url: url.toString(), poolSize: 2, applicationName: 'taskloom-test' });
    try {
      execFileSync('pg_restore', ['--exit-on-error', `--dbname=${url.toString()}`, archive], { stdio: 'pipe' });
      expect(await everything(target)).toEqual(await everything(db.database));
      // PostgreSQL spells the conditions of a restored schema in another way.
      const names = async (of: Database) => (await schemaOf(of)).map((line) => line.replace(/ (CHECK|WHERE) .*/, ''));
      expect(await names(target)).toEqual(await names(db.database));
      expect(await migrate(target)).toEqual([]);
    } finally {
      await target.destroy();
      await db.database.raw('drop database by_pg_restore');
    }
  });

  test('holds the rows of one moment, and a damaged archive is refused', async () => {
    await db.database.raw(
      `insert into reddit_posts (id, title, content, subreddit, reddit_created_at)
       select 'many' || n, 'many', repeat(md5(n::text), 20), 's', now() from generate_series(1, 20000) n`,
    );
    let isOver = false;
    const writer = (async () => {
      let written = 0;
      for (; !isOver; written += 1)
        await db.database.raw(
          `with config as (
             insert into task_configs (name, task_type, scheduler_type) values ('moved', 'x', 'manual') returning id
           )
           insert into audit_log (action, target_type, outcome, status, address, request_id)
           select 'moved', 'x', 'succeeded', 1, '', id::text from config`,
        );
      return written;
    })();
    const result = await bench.run({ method: 'pg_dump' });
    isOver = true;
    expect(await writer).toBeGreaterThan(0);
    const target = await restoreElsewhere(bench.folder, nameOf(result));
    const [configs, entries] = await Promise.all([
      target.database('task_configs').where({ name: 'moved' }),
      target.database('audit_log').where({ action: 'moved' }),
    ]);
    await target.drop();
    expect(configs).toHaveLength(entries.length);

    const file = path.join(bench.folder.placeOf(nameOf(result)), 'database.dump');
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    await expect(restoreElsewhere(bench.folder, nameOf(result))).rejects.toThrow(/database\.dump is damaged/);
  });

  test('leaves no file and no program when it is cancelled half-way', async () => {
    await db.database.raw(
      `insert into reddit_posts (id, title, content, subreddit, reddit_created_at)
       select 'many' || n, 'many', repeat(md5(n::text), 20), 's', now() from generate_series(1, 20000) n`,
    );
    const abort = new AbortController();
    await expect(
      bench.run({ method: 'pg_dump' }, { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
    expect(readdirSync(bench.folder.path)).toEqual([]);
    await waitFor(async () => {
      const { rows } = await db.database.raw<{ rows: unknown[] }>(
        "select from pg_stat_activity where application_name = 'taskloom-backup' and datname = current_database()",
      );
      return rows.length === 0;
    });
  });
});

test('auto uses COPY instead of an older pg_dump, and an explicit pg_dump is refused', async () => {
  const db = await createTestDatabase();
  const bench = createBackupBench(db);
  const before = process.env.PATH;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-programs-'));
  try {
    process.env.PATH = folder;
    expect(await bench.run({ method: 'auto' })).toMatchObject({ method: 'copy' });
    const whatToDo = new RegExp(`postgresql-client-${EMBEDDED}\\b.* or set the parameter method to "copy"`);
    const refusal = async () =>
      classifyFailure(await bench.run({ method: 'pg_dump' }).catch((error: unknown) => error));
    const absent = await refusal();
    expect(absent).toMatchObject({
      type: 'BackupUnavailableError',
      isRetryable: false,
      message: expect.stringMatching(whatToDo),
    });
    expect(absent.message).toMatch(/^pg_dump and pg_restore cannot be found on the worker's PATH\./);
    for (const program of ['pg_dump', 'pg_restore'])
      writeFileSync(path.join(folder, program), `#!/bin/sh\necho "${program} (PostgreSQL) 9.6.24"\n`, { mode: 0o755 });
    expect(await programVersion('pg_dump')).toBe(9);
    expect(await bench.run({ method: 'auto' })).toMatchObject({ method: 'copy' });
    const old = await refusal();
    expect(old).toMatchObject({
      type: 'BackupUnavailableError',
      isRetryable: false,
      message: expect.stringMatching(whatToDo),
    });
    expect(old.message).toMatch(/^pg_dump is of version 9 and pg_restore of version 9; needed is 18 or newer/);
    rmSync(path.join(folder, 'pg_restore'));
    expect((await refusal()).message).toMatch(/^pg_restore cannot be found/);
  } finally {
    process.env.PATH = before;
    rmSync(folder, { recursive: true });
    bench.remove();
    await db.drop();
  }
});

/** A server of pg_dump's own version, for as long as a test lasts. */
async function startOlderServer(): Promise<Pick<TestDatabase, 'database' | 'url' | 'drop'>> {
  const user = unprivilegedUser();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'taskloom-older-postgres-'));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  execFileSync(
    path.join(serverBinaries, 'initdb'),
    ['-D', data, '--username=taskloom', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { cwd: folder, stdio: 'pipe', ...user },
  );
  const port = await choosePort();
  const url = `postgres://taskloom:not%20asked@127.0.0.1:${port}/postgres`;
  const database = createDatabase({ url, poolSize: 5, applicationName: 'taskloom-test' });
  const isUp = () =>
    askPostgres(url).then(
      () => true,
      () => false,
    );
  const server: ServiceProcess = await startServiceProcess(
    {
      name: 'PostgreSQL',
      command: path.join(serverBinaries, 'postgres'),
      args: [
        '-D',
        data,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'unix_socket_directories=',
        '-c',
        'fsync=off',
      ],
      logFile: path.join(folder, 'log'),
      cwd: folder,
      env: process.env,
      stopSteps: [
        ['SIGINT', 20_000],
        ['SIGKILL', 5_000],
      ],
      ...user,
    },
    isUp,
  );
  await migrate(database);
  const drop = async () => {
    await database.destroy();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { database, url, drop };
}
