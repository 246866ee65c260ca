import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createDatabase } from '../../../src/platform/postgres/postgres';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import {
  createBackupBench,
  everything,
  fillDatabase,
  nameOf,
  schemaOf,
  type BackupBench,
} from '../../support/backup-support';

jest.setTimeout(180_000);

const PROGRAM = path.resolve(__dirname, '../../../dist/src/stack/commands/restore.js');
let db: TestDatabase;
let target: TestDatabase;
let bench: BackupBench;

beforeEach(async () => {
  [db, target] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  // The tests' own connections must not count as ours.
  await target.database.destroy();
  target.database = createDatabase({ url: target.url, poolSize: 3, applicationName: 'observer' });
  bench = createBackupBench(db);
  await fillDatabase(db.database);
});
afterEach(async () => {
  bench?.remove();
  await target?.database.destroy();
  await Promise.all([db?.drop(), target?.drop()]);
});

async function restore(
  args: string[],
  env: NodeJS.ProcessEnv = { DATABASE_URL: target.url },
): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, ...env, BACKUP_FOLDER: bench.folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

test('lists backups, checks one, and restores it into an empty database', async () => {
  expect(await restore(['--list'])).toMatchObject({ code: 0, text: expect.stringContaining('has no backups') });
  const full = nameOf(await bench.run());
  await db.database('users').where({ username: 'bert' }).delete();
  const last = await bench.run({ backup_type: 'incremental' });
  const listed = await restore(['--list']);
  expect(listed).toMatchObject({ code: 0, text: expect.stringContaining(nameOf(last)) });
  expect(listed.text).toContain('incremental (copy)');

  const asked = await restore([nameOf(last)]);
  expect(asked.code).toBe(1);
  expect(asked.text).toMatch(/All checksums are right[^]*The database is empty[^]*Nothing was changed.*--yes/);
  expect(asked.text).not.toContain(new URL(target.url).password);

  const done = await restore([last.backup_path, '--yes']);
  expect(done).toMatchObject({ code: 0, text: expect.stringContaining(`from ${full}, then ${nameOf(last)}`) });
  expect(await everything(target.database)).toEqual(await everything(db.database));
});

test('replaces a database that is not empty only on request, and does not give its used ids again', async () => {
  const name = nameOf(await bench.run());
  await fillDatabase(target.database);
  await target.database.raw("select setval('task_configs_id_seq', 5000)");
  await target.database.raw(
    'create table left_over (id int); create function left_over() returns int language sql as $$ select 1 $$',
  );
  const before = await everything(target.database);
  expect(await restore([name, '--yes'])).toMatchObject({
    code: 1,
    text: expect.stringMatching(/not empty: api_keys, .*--replace[^]*Nothing was changed/),
  });
  expect(await everything(target.database)).toEqual(before);
  expect(await restore([name, '--yes', '--replace'])).toMatchObject({ code: 0 });
  const { audit_log: entries, ...rows } = await everything(target.database);
  const { audit_log: ofBackup, ...rowsOfBackup } = await everything(db.database);
  expect(rows).toEqual(rowsOfBackup);
  expect(entries).toEqual(expect.arrayContaining(ofBackup!));
  expect(entries).toHaveLength(ofBackup!.length + before.audit_log!.length);
  expect(await schemaOf(target.database)).toEqual(await schemaOf(db.database));
  const [config] = await target
    .database('task_configs')
    .insert({ name: 'x', task_type: 'HEALTH_CHECK', scheduler_type: 'manual' })
    .returning('id');
  expect(config.id).toBe(5001);
});

test('refuses while API or workers are connected, unless forced', async () => {
  const name = nameOf(await bench.run());
  const worker = createDatabase({ url: target.url, poolSize: 1, applicationName: 'taskloom-worker' });
  try {
    await worker.raw('select 1');
    expect(await restore([name, '--yes'])).toMatchObject({
      code: 1,
      text: expect.stringMatching(/Still connected to the database: .*taskloom-worker.*--force[^]*Nothing was changed/),
    });
    expect(await restore([name, '--yes', '--force'])).toMatchObject({ code: 0 });
  } finally {
    await worker.destroy();
  }
});

test('refuses a damaged backup, names the damage, and changes nothing', async () => {
  const name = nameOf(await bench.run());
  const file = path.join(bench.folder.placeOf(name), 'manifest.json');
  writeFileSync(file, `${readFileSync(file, 'utf8')} `);
  await fillDatabase(target.database);
  const before = await everything(target.database);
  expect(await restore([name, '--yes', '--replace'])).toMatchObject({
    code: 1,
    text: expect.stringMatching(/manifest\.json is damaged[^]*Nothing was changed/),
  });
  expect((await restore(['--list'])).text).toMatch(/Not usable: .*manifest\.json is damaged/);
  expect(await everything(target.database)).toEqual(before);
});

test('keeps the previous rows and schema after a failure half-way', async () => {
  const name = nameOf(await bench.run());
  await fillDatabase(target.database);
  await target.database('users').where({ username: 'bert' }).update({ full_name: 'still here' });
  const before = await Promise.all([everything(target.database), schemaOf(target.database)]);
  // Somebody reads a table, and goes on doing so for longer than the restore waits.
  const trx = await target.database.transaction();
  await trx('reddit_posts').limit(1);
  const refused = await restore([name, '--yes', '--replace']).finally(() => trx.rollback());
  expect(refused).toMatchObject({
    code: 1,
    text: expect.stringMatching(/The restore failed: .*lock timeout[^]*Nothing was changed/),
  });
  expect(await Promise.all([everything(target.database), schemaOf(target.database)])).toEqual(before);
});

describe('a backup of another version', () => {
  test('is restored when the version is older: its schema, its rows, then the later migrations', async () => {
    // As it was before the last migration: an older Taskloom wrote this backup.
    await db.database.raw(
      "drop table exports, mail_deliveries; delete from knex_migrations where name = '0008_exports_and_mail'",
    );
    const name = nameOf(await bench.run());
    const done = await restore([name, '--yes']);
    expect(done).toMatchObject({ code: 0, text: expect.stringContaining('Ran 0008_exports_and_mail') });
    expect(await target.database('audit_log').orderBy('id')).toMatchObject([
      { action: 'config.create', api_key_id: null },
      { action: 'database.restore', target_id: name },
    ]);
    expect(await target.database('exports')).toEqual([]);
    expect((await everything(target.database)).users).toEqual((await everything(db.database)).users);
  });

  test('is refused when the version is newer', async () => {
    await db.database('knex_migrations').insert({ name: '9999_future', batch: 9, migration_time: new Date() });
    const name = nameOf(await bench.run());
    expect(await restore([name, '--yes'])).toMatchObject({
      code: 1,
      text: expect.stringMatching(/of a newer Taskloom .*9999_future[^]*Nothing was changed/),
    });
  });
});

test('restores without DATABASE_URL into the PostgreSQL of npm start, which runs only for the restore', async () => {
  const name = nameOf(await bench.run());
  const home = mkdtempSync(path.join(os.tmpdir(), 'taskloom-home-'));
  const ofItsOwn = () =>
    (JSON.parse(readFileSync(path.join(home, 'state.json'), 'utf8')) as { postgresFolder?: string }).postgresFolder;
  try {
    expect(await restore([name, '--yes'], { DATABASE_URL: '', TASKLOOM_HOME: home })).toMatchObject({
      code: 0,
      text: expect.stringContaining('Restored'),
    });
    const again = await restore([name, '--yes'], { DATABASE_URL: '', TASKLOOM_HOME: home });
    expect(again).toMatchObject({ code: 1, text: expect.stringMatching(/not empty: .*users/) });
    expect(existsSync(path.join(ofItsOwn() ?? path.join(home, 'postgres'), 'data', 'postmaster.pid'))).toBe(false);
    expect(existsSync(path.join(home, 'running.json'))).toBe(false);
  } finally {
    const folder = existsSync(path.join(home, 'state.json')) ? ofItsOwn() : undefined;
    for (const each of [home, folder]) if (each) rmSync(each, { recursive: true, force: true });
  }
});

test('says what to type instead of arguments that it does not understand', async () => {
  const asked: [string[], string][] = [
    ...[[], ['--lst'], ['a', 'b'], ['--list', 'a']].map((args): [string[], string] => [
      args,
      'npm run restore -- --list',
    ]),
    [['backup_1_20260101T000000Z_1', '--yes'], 'has no backup backup_1_20260101T000000Z_1'],
    [['../../etc', '--yes'], 'has no backup etc'],
  ];
  const answers = await Promise.all(asked.map(([args]) => restore(args)));
  for (const [index, [args, text]] of asked.entries())
    expect([args, answers[index]]).toEqual([args, { code: 1, text: expect.stringContaining(text) }]);
});
