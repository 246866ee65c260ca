import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { createRestore } from '../../../src/backups/restore/restore-backup';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import { createDatabase, migrate, migrationNames } from '../../../src/platform/postgres/postgres';
import {
  createBackupBench,
  createBackupTest,
  everything,
  fillDatabase,
  nameOf,
  restoreElsewhere,
  schemaOf,
} from '../../support/backup-support';
import { waitFor } from '../../support/process';
import { createTestDatabase } from '../../support/test-database';

jest.setTimeout(180_000);

const backup = createBackupTest();
const { databases, restored, places, filesOf } = backup;

test('a restored full backup by COPY equals the database in rows, sums, sequences and schema', async () => {
  const store = createKeyValueStore(backup.db.url);
  await store.set('auth:session:of-before', 'a session');
  await store.addMember('auth:user-sessions:1', 'of-before', 60);
  await store.close();
  const result = await backup.bench.run();
  expect(result).toMatchObject({
    config_id: 7,
    backup_type: 'full',
    method: 'copy',
    full_because: null,
    parent: null,
    backup_path: expect.stringMatching(/^backups\/backup_7_20260203T040506Z_\d+$/),
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    deleted_backups: [],
  });
  expect(result.backup_size_bytes).toBe(filesOf(result).reduce((sum, file) => sum + statSync(file).size, 0));
  const before = await everything(backup.db.database);
  expect(result).toMatchObject({ rows: Object.values(before).flat().length, tables: Object.keys(before).length });
  const target = await restored(result);
  expect(await everything(target)).toEqual(before);
  expect(await schemaOf(target)).toEqual(await schemaOf(backup.db.database));
  expect((await target.raw('select * from execution_totals_faults()')).rows).toEqual([]);
  // The triggers are enabled again, and the next id is a new one.
  const insert = {
    task_id: 'x',
    status: 'succeeded',
    triggered_by: 'manual',
    workflow_id: 'x',
    run_id: '',
    started_at: new Date(),
  };
  const ids = await Promise.all(
    [target, backup.db.database].map(
      async (each) => (await each('task_executions').insert(insert).returning('id'))[0].id as number,
    ),
  );
  expect(ids[0]).toBe(ids[1]);
  expect((await target.raw('select * from execution_totals_faults()')).rows).toEqual([]);
  expect([...(await target('execution_deltas')), ...(await target('execution_totals'))].length).toBeGreaterThan(0);
  // Sessions from before the backup are invalid, and those that PostgreSQL stores are not restored.
  expect([...(await target('key_values')), ...(await target('key_members'))]).toEqual([]);
  expect((await target('users').min('session_version as version').first())!.version).toBeGreaterThan(20_000_000);
});

test('a role that owns only its database can back up and restore', async () => {
  const role = `role_${randomBytes(4).toString('hex')}`;
  const owner = await createTestDatabase();
  databases.push(owner);
  await backup.db.database.raw(`create role ${role} login password 'p'`);
  // As in docker-compose.yml, the role owns the database and creates every table.
  await owner.database.raw(
    `drop schema public cascade;
     create schema public authorization ${role};
     alter database ${owner.url.split('/').at(-1)} owner to ${role}`,
  );
  const url = Object.assign(new URL(owner.url), { username: role, password: 'p' }).toString();
  const own = createDatabase({ url, poolSize: 3, applicationName: 'test' });
  const another = createBackupBench({ url });
  try {
    await migrate(own);
    await fillDatabase(own);
    await another.run();
    await own('users').where({ username: 'bert' }).delete();
    const last = await another.run({ backup_type: 'incremental' });
    expect(last.backup_type).toBe('incremental');
    const before = await everything(own);
    await own('users').update({ full_name: 'gone' });
    const restore = createRestore({
      folder: another.folder,
      database: own,
      migrationNames: migrationNames(),
      migrate,
      report: () => undefined,
    });
    await restore.restore(await restore.plan(nameOf(last), new AbortController().signal));
    expect(await everything(own)).toEqual(before);
  } finally {
    another.remove();
    await own.destroy();
    await databases.pop()?.drop();
    await backup.db.database.raw(`drop role ${role}`);
  }
});

test('only the owner of a backup may read it', async () => {
  const result = await backup.bench.run();
  for (const folder of [backup.bench.folder.path, backup.bench.folder.placeOf(nameOf(result))])
    expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
  for (const file of filesOf(result)) expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
});

test('a new full backup keeps the newest full backups and their incremental ones, and removes older ones', async () => {
  const chains: string[][] = [];
  for (const _ of [1, 2, 3])
    chains.push([
      nameOf(await backup.bench.run({ keep: 3 })),
      nameOf(await backup.bench.run({ backup_type: 'incremental', keep: 3 })),
    ]);
  // An incremental backup removes nothing.
  const incremental = await backup.bench.run({ backup_type: 'incremental', keep: 1 });
  expect(incremental.deleted_backups).toEqual([]);
  const newest = await backup.bench.run({ keep: 2 });
  expect([...(newest.deleted_backups as string[])].sort()).toEqual([...chains[0]!, ...chains[1]!].sort());
  expect(places()).toEqual([...chains[2]!, nameOf(incremental), nameOf(newest)].sort());
  databases.push(await restoreElsewhere(backup.bench.folder, nameOf(incremental)));
});

test('all attempts of an execution write the same backup', async () => {
  const first = await backup.bench.run({}, { executionId: 5 });
  const again = await backup.bench.run({}, { executionId: 5 });
  expect(again.sha256).toBe(first.sha256);
  expect(places()).toEqual([nameOf(first)]);
});

test('a cancelled backup leaves nothing, and older backups remain', async () => {
  const kept = await backup.bench.run();
  const abort = new AbortController();
  await expect(
    backup.bench.run({ keep: 1 }, { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) }),
  ).rejects.toThrow('enough');
  expect(places()).toEqual([nameOf(kept)]);
  // A process of the server notices its broken connection only when its statement ends.
  await waitFor(
    async () =>
      (
        await backup.db
          .database('pg_stat_activity')
          .where({ application_name: 'taskloom-backup', datname: backup.db.url.split('/').at(-1) })
      ).length === 0,
  );
});

test('unknown parameters are refused', async () => {
  await expect(backup.bench.run({ compress: true })).rejects.toThrow(/Unrecognized key/);
  await expect(backup.bench.run({ keep: 0 })).rejects.toThrow();
  expect(existsSync(backup.bench.folder.path)).toBe(false);
});
