import { rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { changeEverything } from '../../support/backup-changes';
import {
  createBackupBench,
  createBackupTest,
  everything,
  nameOf,
  untilOlderTransactionsEnded,
} from '../../support/backup-support';
import { createTestDatabase } from '../../support/test-database';

jest.setTimeout(180_000);

const backup = createBackupTest();
const { databases, restored, places, filesOf } = backup;

test('a chain of incremental backups has only the changes, and each backup restores its moment', async () => {
  await backup.db.database.raw(
    `insert into reddit_posts (id, title, subreddit, reddit_created_at)
     select 'many' || n, 'text', 's', now() from generate_series(1, 5000) n`,
  );
  await untilOlderTransactionsEnded(backup.db.database);
  const moments = [{ result: await backup.bench.run(), rows: await everything(backup.db.database) }];
  for (const round of [1, 2, 3]) {
    await changeEverything(backup.db.database, round);
    if (round === 2) await backup.db.database.raw('truncate mail_deliveries, schedule_events');
    // Frozen rows keep their transaction id, and locked rows have not changed.
    if (round === 3) await backup.db.database.raw('vacuum freeze reddit_posts');
    const result = await backup.bench.run({ backup_type: 'incremental' });
    expect(result).toMatchObject({
      backup_type: 'incremental',
      full_because: null,
      parent: nameOf(moments.at(-1)!.result),
    });
    expect(result.rows).toBeLessThan(200);
    moments.push({ result, rows: await everything(backup.db.database) });
  }
  for (const { result, rows } of moments) {
    const target = await restored(result);
    expect(await everything(target)).toEqual(rows);
    expect((await target.raw('select * from execution_totals_faults()')).rows).toEqual([]);
  }
});

test('the next backup has what transactions and subtransactions wrote that were open during the last', async () => {
  const trx = await backup.db.database.transaction();
  const insert = (name: string) => ({ email: name, username: name, hashed_password: 'x' });
  await trx('users').insert(insert('outer'));
  const nested = await trx.transaction();
  await nested('users').insert(insert('inner'));
  // This later transaction commits first, so that a mere comparison of transaction ids would miss the others.
  await backup.db.database('users').insert(insert('other'));
  await backup.bench.run();
  await nested.commit();
  await trx.commit();
  const result = await backup.bench.run({ backup_type: 'incremental' });
  expect(result.backup_type).toBe('incremental');
  const target = await restored(result);
  expect(await everything(target)).toEqual(await everything(backup.db.database));
  expect(await target('users').whereIn('username', ['outer', 'inner', 'other'])).toHaveLength(3);
});

test('a backup shows one moment, whatever is written meanwhile', async () => {
  const { database } = backup.db;
  await database('task_configs').update({ priority: 5 });
  await database.raw(
    `insert into reddit_posts (id, title, subreddit, reddit_created_at)
     select 'many' || n, repeat(md5(n::text), 20), 's', now() from generate_series(1, 20000) n`,
  );
  let isOver = false;
  const writers = [1, 2, 3].map(async () => {
    let written = 0;
    for (; !isOver; written += 1) {
      // Each step inserts an event and a post, and keeps the sum of all priorities.
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
          `insert into reddit_posts (id, title, subreddit, reddit_created_at)
           values (gen_random_uuid(), 'moved', 's', now())`,
        );
      });
    }
    return written;
  });
  const results = [
    await backup.bench.run(),
    await backup.bench.run({ backup_type: 'incremental' }),
    await backup.bench.run({ backup_type: 'incremental' }),
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

describe('an incremental backup becomes a full one and states the reason', () => {
  const incremental = () => backup.bench.run({ backup_type: 'incremental' });

  test('when there is no backup', async () => {
    expect(await incremental()).toMatchObject({
      backup_type: 'full',
      requested_type: 'incremental',
      full_because: 'there is no backup of this database to add to',
    });
  });

  test('when the only backup is of another database', async () => {
    const other = await createTestDatabase();
    databases.push(other);
    await backup.bench.run();
    const another = createBackupBench(other, path.dirname(backup.bench.folder.path));
    // The backup of the other database is not removed.
    expect(await another.run({ backup_type: 'incremental', keep: 1 })).toMatchObject({
      backup_type: 'full',
      full_because: 'there is no backup of this database to add to',
      deleted_backups: [],
    });
    expect(places()).toHaveLength(2);
  });

  test('when a backup of its chain is missing or incomplete', async () => {
    const full = await backup.bench.run();
    const second = await incremental();
    truncateSync(
      filesOf(full).find((file) => file.endsWith('.rows.gz'))!,
      3,
    );
    expect(await incremental()).toMatchObject({ backup_type: 'full', full_because: `${nameOf(full)} is not whole` });
    rmSync(backup.bench.folder.path, { recursive: true });
    await backup.bench.run();
    const third = await incremental();
    rmSync(backup.bench.folder.placeOf(third.parent as string), { recursive: true });
    expect(await incremental()).toMatchObject({
      backup_type: 'full',
      full_because: `${nameOf(third)} adds to ${String(third.parent)}, which is gone`,
    });
    expect(second.backup_type).toBe('incremental');
  });

  test('when the schema has changed, as a new column with a default changes no row', async () => {
    await backup.bench.run();
    await backup.db.database.raw('alter table users add column favourite int default 3');
    expect(await incremental()).toMatchObject({
      backup_type: 'full',
      full_because: 'the schema has changed since the last backup',
    });
  });
});
