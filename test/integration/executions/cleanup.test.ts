import { createRetentionRepository } from '../../../src/storage/executions/retention-repository';
import { findTaskType } from '../../../src/tasks/registry';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';
import { insertExecution } from '../../support/api-support';
import { createTestContext, type FakeServices } from '../../support/task-context';

const DAY_MS = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY_MS);

let db: TestDatabase;
useTestDatabase('file', (created) => (db = created));
beforeEach(() => db.database.raw('truncate users, task_executions, reddit_posts restart identity cascade'));

/** One attempt over the real tables; `onSave` sees each cursor. */
async function run(
  name: string,
  parameters: object = {},
  given: {
    cursor?: unknown;
    signal?: AbortSignal;
    onSave?: (cursor: unknown) => void;
    services?: FakeServices;
  } = {},
) {
  const taskType = findTaskType(name)!;
  const { onSave, services, ...fields } = given;
  const context = createTestContext({
    ...fields,
    saveCursor: onSave,
    services: { retention: createRetentionRepository(db.database), ...services },
  });
  return taskType.run(context, taskType.storedParameters.parse(parameters));
}
const idsOf = (table: string) => db.database(table).orderBy('id').pluck<(string | number)[]>('id');

describe('CLEANUP_TOKENS', () => {
  async function insertReset(columns: object) {
    const [user] = await db
      .database('users')
      .insert({ username: `u${Math.random()}`, email: `${Math.random()}@example.com`, hashed_password: 'x' })
      .returning<{ id: number }[]>('id');
    const [row] = await db
      .database('password_resets')
      .insert({
        user_id: user!.id,
        token_hash: String(Math.random()),
        created_at: ago(8),
        expires_at: ago(7.9),
        ...columns,
      })
      .returning<{ id: number }[]>('id');
    return row!.id;
  }

  test('removes old tokens that cannot be used; young or usable ones stay', async () => {
    const used = await insertReset({ used_at: ago(8), expires_at: ago(-1) });
    const expired = await insertReset({});
    const usable = await insertReset({ expires_at: ago(-1) });
    const young = await insertReset({ created_at: ago(6) });
    const dry = await run('CLEANUP_TOKENS', { dry_run: true });
    expect(dry).toEqual({ config_id: 7, expired_reset_tokens: 2, days_old: 7, dry_run: true });
    expect(await idsOf('password_resets')).toEqual([used, expired, usable, young]);
    expect(await run('CLEANUP_TOKENS', { unknown: 'ignored' })).toEqual({ ...dry, dry_run: false });
    expect(await idsOf('password_resets')).toEqual([usable, young]);
    expect(await run('CLEANUP_TOKENS', { days_old: 1 })).toMatchObject({ expired_reset_tokens: 1 });
  });
});

describe('CLEANUP_CONTENT', () => {
  const post = (id: string, days: number) =>
    db
      .database('reddit_posts')
      .insert({ id, title: id, subreddit: 's', reddit_created_at: ago(days), scraped_at: ago(days) });
  const comment = (id: string, post_id: string, days: number) =>
    db
      .database('reddit_comments')
      .insert({ id, post_id, body: id, subreddit: 's', reddit_created_at: ago(days), scraped_at: ago(days) });

  test('removes old comments, then old posts with their younger comments, and counts each once', async () => {
    await post('old', 91);
    await post('young', 89);
    await comment('old-old', 'old', 95);
    await comment('young-old', 'old', 1);
    await comment('old-young', 'young', 95);
    await comment('young-young', 'young', 1);
    const wanted = {
      config_id: 7,
      deleted_posts: 1,
      deleted_comments: 2,
      total_deleted: 3,
      cascaded_comments: 1,
      days_old: 90,
    };
    expect(await run('CLEANUP_CONTENT', { dry_run: true })).toEqual({ ...wanted, dry_run: true });
    expect(await idsOf('reddit_comments')).toHaveLength(4);
    expect(await run('CLEANUP_CONTENT')).toEqual({ ...wanted, dry_run: false });
    expect([await idsOf('reddit_posts'), await idsOf('reddit_comments')]).toEqual([['young'], ['young-young']]);
    expect(await run('CLEANUP_CONTENT')).toMatchObject({ total_deleted: 0, cascaded_comments: 0 });
  });

  test('removes thousands of rows in batches; a second attempt continues the count of the first', async () => {
    await post('young', 1);
    await db.database.raw(
      `insert into reddit_comments (id, post_id, body, subreddit, reddit_created_at, scraped_at)
       select 'c' || n, 'young', 'x', 's', now(), now() - interval '100 days' from generate_series(1, 2500) n`,
    );
    const cursors: unknown[] = [];
    const stop = new AbortController();
    const first = run(
      'CLEANUP_CONTENT',
      {},
      { signal: stop.signal, onSave: (cursor) => cursors.push(cursor) && stop.abort(new Error('worker lost')) },
    );
    await expect(first).rejects.toThrow('worker lost');
    expect(cursors).toEqual([{ comments: 1000, comments_of_posts: 0, posts: 0 }]);
    expect(await idsOf('reddit_comments')).toHaveLength(1500);
    expect(await run('CLEANUP_CONTENT', {}, { cursor: cursors[0] })).toMatchObject({ deleted_comments: 2500 });
    expect(await idsOf('reddit_comments')).toEqual([]);
  });

  test('skips a row that another transaction has locked, without waiting', async () => {
    await post('held', 100);
    await post('free', 100);
    const holder = await db.database.transaction();
    await holder('reddit_posts').where({ id: 'held' }).forUpdate();
    expect(await run('CLEANUP_CONTENT')).toMatchObject({ deleted_posts: 1 });
    await holder.rollback();
    expect(await idsOf('reddit_posts')).toEqual(['held']);
  });
});

test('CLEANUP_EXECUTIONS spares running executions, and removes attempts with their executions', async () => {
  const old = await insertExecution(db.database, { created_at: ago(91) });
  const running = await insertExecution(db.database, { created_at: ago(91), status: 'running' });
  const young = await insertExecution(db.database, { created_at: ago(89), retry_of: old });
  await db.database('task_attempts').insert({ execution_id: old, attempt: 1, worker: 'w', started_at: ago(91) });
  expect(await run('CLEANUP_EXECUTIONS', { dry_run: true })).toEqual({
    config_id: 7,
    deleted_executions: 1,
    days_old: 90,
    dry_run: true,
  });
  expect(await run('CLEANUP_EXECUTIONS')).toMatchObject({ deleted_executions: 1, dry_run: false });
  expect(await idsOf('task_executions')).toEqual([running, young]);
  expect(await db.database('task_attempts')).toEqual([]);
});

test.each(['CLEANUP_TOKENS', 'CLEANUP_CONTENT', 'CLEANUP_EXECUTIONS', 'CLEANUP_EXPORTS'])(
  'a stored %s ignores what it does not know, but refuses what was meant for dry_run; a new one refuses both',
  (name) => {
    const { parameters, storedParameters } = findTaskType(name)!;
    expect(storedParameters.safeParse({ colour: 'red' }).success).toBe(true);
    for (const unknown of ['colour', 'dryRun']) expect(parameters.safeParse({ [unknown]: 'red' }).success).toBe(false);
    for (const misspelt of ['dryRun', 'dryrun', 'dry-run', 'DRY_RUN'])
      expect(storedParameters.safeParse({ [misspelt]: true }).error?.issues).toMatchObject([
        { path: [misspelt], message: 'is not known; dry_run is' },
      ]);
  },
);

test.each([
  ['CLEANUP_TOKENS', 0],
  ['CLEANUP_CONTENT', 0],
  ['CLEANUP_CONTENT', -1],
  ['CLEANUP_CONTENT', 1.5],
  ['CLEANUP_CONTENT', '90'],
  ['CLEANUP_EXECUTIONS', 29],
  ['CLEANUP_EXECUTIONS', 366],
])('%s refuses days_old %j', (name, days_old) => {
  expect(findTaskType(name)!.parameters.safeParse({ days_old }).success).toBe(false);
});
