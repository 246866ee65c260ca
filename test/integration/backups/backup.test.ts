import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createRestore } from '../../../src/backups/restore-backup';
import { createDatabase, migrate, migrationNames } from '../../../src/platform/postgres/postgres';
import { waitFor } from '../../support/process';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import {
  createBackupBench,
  everything,
  fillDatabase,
  nameOf,
  restoreElsewhere,
  schemaOf,
  type BackupBench,
  type Result,
} from '../../support/backup-support';

jest.setTimeout(180_000);

let db: TestDatabase;
let bench: BackupBench;
const databases: TestDatabase[] = [];

beforeEach(async () => {
  db = await createTestDatabase();
  bench = createBackupBench(db);
  await fillDatabase(db.database);
});
afterEach(async () => {
  bench?.remove();
  for (const each of [db, ...databases.splice(0)]) await each?.drop();
});

const restored = async (result: Result) => {
  const target = await restoreElsewhere(bench.folder, nameOf(result));
  databases.push(target);
  return target.database;
};
const places = () => readdirSync(bench.folder.path).sort();
const filesOf = (result: Result) =>
  readdirSync(bench.folder.placeOf(nameOf(result))).map((name) =>
    path.join(bench.folder.placeOf(nameOf(result)), name),
  );

/** Of every table at least a row more, one changed, one gone. */
async function changeEverything(round: number): Promise<void> {
  const { database } = db;
  await database('users').insert({ email: `n${round}@example.org`, username: `n${round}`, hashed_password: 'x' });
  await database('users')
    .where({ username: 'anna' })
    .update({ full_name: `Anna ${round}` });
  // What is unique changes hands: inserting before deleting would fail.
  await database.transaction(async (trx) => {
    await trx('users').where({ username: 'bert' }).update({ username: 'swap' });
    await trx('users')
      .where({ username: `n${round}` })
      .update({ username: 'bert' });
    await trx('users')
      .where({ username: 'swap' })
      .update({ username: `old${round}` });
  });
  // Its executions lose it, its events go with it.
  await database('task_configs')
    .where({ id: (await database('task_configs').min('id as id').first())!.id })
    .delete();
  await database('task_executions')
    .where({ id: (await database('task_executions').max('id as id').first())!.id })
    .delete();
  await database('task_executions').insert({
    task_id: `new${round}`,
    status: 'succeeded',
    triggered_by: 'manual',
    workflow_id: `new${round}`,
    run_id: '',
    started_at: new Date(),
    duration_seconds: 1.5,
  });
  await database('reddit_comments')
    .where({ id: `c${round}` })
    .delete();
  await database('reddit_posts')
    .where({ id: 'p5' })
    .update({ title: `title ${round}`, score: round });
  // A key that goes, and one that changes.
  await database('reddit_posts')
    .where({ id: `p${9 - round}` })
    .update({ id: `moved${round}` });
}

test('a full backup by COPY, restored, is the database: every row, sums, sequences, schema', async () => {
  const store = createKeyValueStore(db.url);
  await store.set('auth:session:of-before', 'a session');
  await store.addMember('auth:user-sessions:1', 'of-before', 60);
  await store.close();
  const result = await bench.run();
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
  const before = await everything(db.database);
  expect(result).toMatchObject({ rows: Object.values(before).flat().length, tables: Object.keys(before).length });
  const target = await restored(result);
  expect(await everything(target)).toEqual(before);
  expect(await schemaOf(target)).toEqual(await schemaOf(db.database));
  expect((await target.raw('select * from execution_totals_faults()')).rows).toEqual([]);
  // The triggers are on again, and the next id is a new one.
  const insert = {
    task_id: 'x',
    status: 'succeeded',
    triggered_by: 'manual',
    workflow_id: 'x',
    run_id: '',
    started_at: new Date(),
  };
  const ids = await Promise.all(
    [target, db.database].map(
      async (each) => (await each('task_executions').insert(insert).returning('id'))[0].id as number,
    ),
  );
  expect(ids[0]).toBe(ids[1]);
  expect((await target.raw('select * from execution_totals_faults()')).rows).toEqual([]);
  expect([...(await target('execution_deltas')), ...(await target('execution_totals'))].length).toBeGreaterThan(0);
  // Nobody's session of before is good any more, and where PostgreSQL keeps them, none has come along.
  expect([...(await target('key_values')), ...(await target('key_members'))]).toEqual([]);
  expect((await target('users').min('session_version as version').first())!.version).toBeGreaterThan(20_000_000);
});

test('a role that owns its database and no more is enough, for both ways', async () => {
  const role = `role_${randomBytes(4).toString('hex')}`;
  const owner = await createTestDatabase();
  databases.push(owner);
  await db.database.raw(`create role ${role} login password 'p'`);
  // As docker-compose.yml makes it: a database of its own, and every table made by the role itself.
  await owner.database.raw(
    `drop schema public cascade; create schema public authorization ${role}; alter database ${owner.url.split('/').at(-1)} owner to ${role}`,
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
    await db.database.raw(`drop role ${role}`);
  }
});

test('only its owner may look into a backup', async () => {
  const result = await bench.run();
  for (const folder of [bench.folder.path, bench.folder.placeOf(nameOf(result))])
    expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
  for (const file of filesOf(result)) expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
});

test('a chain of incremental backups holds what changed, and restores to each of its moments', async () => {
  await db.database.raw(
    "insert into reddit_posts (id, title, subreddit, reddit_created_at) select 'many' || n, 'text', 's', now() from generate_series(1, 5000) n",
  );
  const moments = [{ result: await bench.run(), rows: await everything(db.database) }];
  for (const round of [1, 2, 3]) {
    await changeEverything(round);
    if (round === 2) await db.database.raw('truncate mail_deliveries, schedule_events');
    // Frozen rows keep the id of their transaction, and rows that were only locked have not changed.
    if (round === 3) await db.database.raw('vacuum freeze reddit_posts');
    const result = await bench.run({ backup_type: 'incremental' });
    expect(result).toMatchObject({
      backup_type: 'incremental',
      full_because: null,
      parent: nameOf(moments.at(-1)!.result),
    });
    expect(result.rows).toBeLessThan(200);
    moments.push({ result, rows: await everything(db.database) });
  }
  for (const { result, rows } of moments) {
    const target = await restored(result);
    expect(await everything(target)).toEqual(rows);
    expect((await target.raw('select * from execution_totals_faults()')).rows).toEqual([]);
  }
});

test('what a transaction writes that was at work during the last backup is in the next one, of its subtransactions too', async () => {
  const trx = await db.database.transaction();
  const insert = (name: string) => ({ email: name, username: name, hashed_password: 'x' });
  await trx('users').insert(insert('outer'));
  const nested = await trx.transaction();
  await nested('users').insert(insert('inner'));
  // Of a later transaction that ends before: the horizon alone would tell it apart from them.
  await db.database('users').insert(insert('other'));
  await bench.run();
  await nested.commit();
  await trx.commit();
  const result = await bench.run({ backup_type: 'incremental' });
  expect(result.backup_type).toBe('incremental');
  const target = await restored(result);
  expect(await everything(target)).toEqual(await everything(db.database));
  expect(await target('users').whereIn('username', ['outer', 'inner', 'other'])).toHaveLength(3);
});

test('a backup is of one moment, whatever is written meanwhile', async () => {
  const { database } = db;
  await database('task_configs').update({ priority: 5 });
  await database.raw(
    "insert into reddit_posts (id, title, subreddit, reddit_created_at) select 'many' || n, repeat(md5(n::text), 20), 's', now() from generate_series(1, 20000) n",
  );
  let isOver = false;
  const writers = [1, 2, 3].map(async () => {
    let written = 0;
    for (; !isOver; written += 1) {
      // The sum of all priorities never changes, and each such step leaves an event and a post.
      await database.transaction(async (trx) => {
        const [one, other] = (await trx('task_configs')
          .select('id')
          .orderByRaw('random()')
          .limit(2)
          .forUpdate()
          .skipLocked()) as { id: number }[];
        if (!one || !other) return;
        await trx('task_configs').where({ id: one.id }).increment('priority', 1);
        await trx('schedule_events').insert({ config_id: one.id, event: 'moved' });
        await trx('task_configs').where({ id: other.id }).decrement('priority', 1);
        await trx.raw(
          "insert into reddit_posts (id, title, subreddit, reddit_created_at) values (gen_random_uuid(), 'moved', 's', now())",
        );
      });
    }
    return written;
  });
  const results = [
    await bench.run(),
    await bench.run({ backup_type: 'incremental' }),
    await bench.run({ backup_type: 'incremental' }),
  ];
  isOver = true;
  expect((await Promise.all(writers)).every((written) => written > 0)).toBe(true);
  const moved: number[] = [];
  for (const result of results) {
    const target = await restored(result);
    expect((await target('task_configs').avg('priority as mean').first())!.mean).toBe(5);
    const [events, posts] = await Promise.all([
      target('schedule_events').where({ event: 'moved' }),
      target('reddit_posts').where({ title: 'moved' }),
    ]);
    expect(events).toHaveLength(posts.length);
    moved.push(events.length);
  }
  expect(moved).toEqual([...moved].sort((a, b) => a - b));
  expect(moved[2]).toBeGreaterThan(moved[0]!);
});

describe('without something to add to, an incremental backup is a full one and says why', () => {
  const incremental = () => bench.run({ backup_type: 'incremental' });

  test('there is none', async () => {
    expect(await incremental()).toMatchObject({
      backup_type: 'full',
      requested_type: 'incremental',
      full_because: 'there is no backup of this database to add to',
    });
  });

  test('that of another database does not count', async () => {
    const other = await createTestDatabase();
    databases.push(other);
    await bench.run();
    const another = createBackupBench(other, path.dirname(bench.folder.path));
    // Nor is it removed for the sake of this one.
    expect(await another.run({ backup_type: 'incremental', keep: 1 })).toMatchObject({
      backup_type: 'full',
      full_because: 'there is no backup of this database to add to',
      deleted_backups: [],
    });
    expect(places()).toHaveLength(2);
  });

  test('the beginning of its chain is gone, or not whole', async () => {
    const full = await bench.run();
    const second = await incremental();
    truncateSync(
      filesOf(full).find((file) => file.endsWith('.rows.gz'))!,
      3,
    );
    expect(await incremental()).toMatchObject({ backup_type: 'full', full_because: `${nameOf(full)} is not whole` });
    rmSync(bench.folder.path, { recursive: true });
    await bench.run();
    const third = await incremental();
    rmSync(bench.folder.placeOf(third.parent as string), { recursive: true });
    expect(await incremental()).toMatchObject({
      backup_type: 'full',
      full_because: `${nameOf(third)} adds to ${String(third.parent)}, which is gone`,
    });
    expect(second.backup_type).toBe('incremental');
  });

  test('the schema has changed: a new column with a default changes no row that could be seen', async () => {
    await bench.run();
    await db.database.raw('alter table users add column favourite int default 3');
    expect(await incremental()).toMatchObject({
      backup_type: 'full',
      full_because: 'the schema has changed since the last backup',
    });
  });
});

test('the newest full backups are kept, with what adds to them; the others go once a new one is there', async () => {
  const chains: string[][] = [];
  for (const _ of [1, 2, 3])
    chains.push([
      nameOf(await bench.run({ keep: 3 })),
      nameOf(await bench.run({ backup_type: 'incremental', keep: 3 })),
    ]);
  // An incremental one removes nothing.
  const incremental = await bench.run({ backup_type: 'incremental', keep: 1 });
  expect(incremental.deleted_backups).toEqual([]);
  const newest = await bench.run({ keep: 2 });
  expect([...(newest.deleted_backups as string[])].sort()).toEqual([...chains[0]!, ...chains[1]!].sort());
  expect(places()).toEqual([...chains[2]!, nameOf(incremental), nameOf(newest)].sort());
  databases.push(await restoreElsewhere(bench.folder, nameOf(incremental)));
});

test('an execution has one backup, however often it is attempted', async () => {
  const first = await bench.run({}, { executionId: 5 });
  const again = await bench.run({}, { executionId: 5 });
  expect(again.sha256).toBe(first.sha256);
  expect(places()).toEqual([nameOf(first)]);
});

describe('damage is found before anything is changed', () => {
  test.each([
    [
      'a byte of the rows',
      (files: string[]) => {
        const file = files.find((each) => each.endsWith('_users.rows.gz'))!;
        const bytes = readFileSync(file);
        bytes[bytes.length - 5]! ^= 1;
        writeFileSync(file, bytes);
      },
      /users\.rows\.gz is damaged/,
    ],
    [
      'a file that is gone',
      (files: string[]) => rmSync(files.find((each) => each.endsWith('_users.rows.gz'))!),
      /users\.rows\.gz is missing/,
    ],
    [
      'the manifest',
      (files: string[]) => {
        const file = files.find((each) => each.endsWith('manifest.json'))!;
        writeFileSync(file, readFileSync(file, 'utf8').replace('"users"', '"userz"'));
      },
      /manifest\.json is damaged/,
    ],
    [
      'the list of checksums of the one it adds to',
      (files: string[]) => {
        const file = files.find((each) => each.endsWith('SHA256SUMS'))!;
        writeFileSync(file, `${readFileSync(file, 'utf8')}\n`);
      },
      /which is not what it was/,
    ],
  ])('%s', async (_, damage, message) => {
    const full = await bench.run();
    await changeEverything(1);
    const last = await bench.run({ backup_type: 'incremental' });
    damage(filesOf(full));
    await expect(restoreElsewhere(bench.folder, nameOf(last))).rejects.toThrow(message);
    await expect(restoreElsewhere(bench.folder, nameOf(last))).rejects.toMatchObject({ name: 'RestoreRefusedError' });
  });
});

test('a cancelled backup leaves nothing, and the older ones stay', async () => {
  const kept = await bench.run();
  const abort = new AbortController();
  await expect(
    bench.run({ keep: 1 }, { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) }),
  ).rejects.toThrow('enough');
  expect(places()).toEqual([nameOf(kept)]);
  // A server's process looks at its broken connection when its statement is over, not at once.
  await waitFor(
    async () =>
      (
        await db
          .database('pg_stat_activity')
          .where({ application_name: 'taskloom-backup', datname: db.url.split('/').at(-1) })
      ).length === 0,
  );
});

test('unknown parameters are refused', async () => {
  await expect(bench.run({ compress: true })).rejects.toThrow(/Unrecognized key/);
  await expect(bench.run({ keep: 0 })).rejects.toThrow();
  expect(existsSync(bench.folder.path)).toBe(false);
});
