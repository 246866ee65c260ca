import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createBackupFolder, type BackupFolder } from '../../src/backups/backup-folder';
import { createBackups } from '../../src/backups/write/create-backups';
import { createRestore } from '../../src/backups/restore/restore-backup';
import { migrate, migrationNames, type Database } from '../../src/platform/postgres/postgres';
import { connectClient } from '../../src/platform/postgres/postgres-client';
import { dataBackup } from '../../src/tasks/data-backup';
import { waitFor } from './process';
import { createTestContext } from './task-context';
import { createTestDatabase, type TestDatabase } from './test-database';

export type Result = Record<string, unknown> & { backup_path: string; backup_type: string };

/** Texts that need escaping in a dump. */
const NASTY = [
  'plain',
  '',
  '\\N',
  '\\.',
  'two\nlines',
  'tab\tand\\backslash\\',
  'cr\r\n',
  '日本語 👩‍👩‍👧',
  '"quoted"',
  'COPY public.users (id) FROM stdin;',
  '\\.\n\\.',
];

/** Inserts rows into every kind of table, extreme values included. */
export async function fillDatabase(database: Database): Promise<void> {
  const [user] = await database('users')
    .insert([
      { email: 'a@example.org', username: 'anna', hashed_password: 'hash', full_name: null, role: 'admin' },
      { email: 'b@example.org', username: 'bert', hashed_password: 'hash' },
    ])
    .returning('id');
  await database('api_keys').insert({
    user_id: user.id,
    name: 'key',
    prefix: 'tl_x',
    key_hash: 'k'.repeat(64),
    scope: 'read',
  });
  const configs = await database('task_configs')
    .insert(
      NASTY.map((text, n) => ({
        name: text || 'empty',
        description: text,
        task_type: 'HEALTH_CHECK',
        scheduler_type: 'manual',
        parameters: JSON.stringify({ n, text, big: 1e300 }),
      })),
    )
    .returning('id');
  const executions = await database('task_executions')
    .insert(
      NASTY.map((text, n) => ({
        task_id: `t${n}`,
        config_id: configs[n].id,
        task_type: 'HEALTH_CHECK',
        status: n % 2 ? 'succeeded' : 'failed',
        triggered_by: 'manual',
        requested_by: user.id,
        workflow_id: `w${n}`,
        run_id: 'r',
        started_at: new Date(Date.UTC(2026, 0, n + 1)),
        completed_at: new Date(Date.UTC(2026, 0, n + 2)),
        duration_seconds: 0.123 * n,
        error_message: text,
        result: JSON.stringify({ text }),
      })),
    )
    .returning('id');
  await database('task_executions').where({ id: executions[0].id }).update({ retry_of: executions[3].id });
  await database('task_attempts').insert(
    executions.map(({ id }) => ({ execution_id: id, attempt: 1, worker: 'w', started_at: new Date() })),
  );
  await database('schedule_events').insert(configs.map(({ id }) => ({ config_id: id, event: 'registered' })));
  await database('reddit_posts').insert(
    NASTY.map((text, n) => ({
      id: `p${n}`,
      title: text,
      content: n % 3 ? text : null,
      subreddit: 'Funny',
      score: -2_147_483_648,
      upvote_ratio: 0.875,
      reddit_created_at: new Date('0001-01-01T00:00:00.001Z'),
    })),
  );
  await database('reddit_comments').insert(
    NASTY.map((text, n) => ({
      id: `c${n}`,
      post_id: `p${n % 3}`,
      body: text,
      subreddit: 'Funny',
      reddit_created_at: new Date(),
    })),
  );
  await database('audit_log').insert({
    action: 'config.create',
    target_type: 'config',
    outcome: 'succeeded',
    status: 201,
    address: '::1',
    request_id: 'r',
  });
}

/**
 * Every row of every table as JSON text, generated columns included. Without `session_version`, which a restore raises
 * to end all sessions, and without the audit entry of the restore itself.
 */
export async function everything(database: Database): Promise<Record<string, string[]>> {
  const { rows } = await database.raw<{ rows: { name: string }[] }>(
    `select relname::text as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r' and relpersistence = 'p'
       and relname not like 'knex_%'
     order by 1`,
  );
  const tables = await Promise.all(
    rows.map(async ({ name }) => {
      const { rows: texts } = await database.raw<{ rows: { text: string }[] }>(
        `select (to_jsonb(t) - 'session_version')::text as text from ?? t
         where to_jsonb(t)->>'action' is distinct from 'database.restore' order by 1`,
        [name],
      );
      return [name, texts.map(({ text }) => text)] as const;
    }),
  );
  return Object.fromEntries(tables);
}

/**
 * Waits until every transaction that was open has ended, in whichever database of the server. A backup counts as
 * changed what is newer than the oldest open transaction, so a test that runs beside this one would make an incremental
 * backup larger.
 */
export async function untilOlderTransactionsEnded(database: Database): Promise<void> {
  const { rows } = await database.raw<{ rows: { id: string }[] }>('select pg_current_xact_id()::text as id');
  await waitFor(async () => {
    const answer = await database.raw<{ rows: { isOver: boolean }[] }>(
      'select pg_snapshot_xmin(pg_current_snapshot()) > cast(:id as xid8) as "isOver"',
      { id: rows[0]!.id },
    );
    return answer.rows[0]!.isOver;
  });
}

/** The constraints, indexes, triggers, columns and functions of the schema, one a line. */
export async function schemaOf(database: Database): Promise<string[]> {
  const { rows } = await database.raw<{ rows: { line: string }[] }>(`
    select line from (
      select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as line
        from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
      union all
      select 'index ' || indexdef from pg_indexes where schemaname = 'public'
      union all
      select 'trigger ' || pg_get_triggerdef(oid) || ' ' || tgenabled::text from pg_trigger where not tgisinternal
      union all
      select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' '
          || coalesce(column_default, '') || is_nullable
        from information_schema.columns where table_schema = 'public'
      union all
      select 'function ' || oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace
    ) lines order by 1`);
  return rows.map(({ line }) => line);
}

let executionId = 1_000;

export interface BackupBench {
  folder: BackupFolder;
  run(
    parameters?: object,
    options?: { executionId?: number; signal?: AbortSignal; onProgress?: (cursor: unknown) => void },
  ): Promise<Result>;
  remove(): void;
}

/** Runs the backup task type with the worker's own writer, into a temporary folder. */
export function createBackupBench(
  source: Pick<TestDatabase, 'url'>,
  place = mkdtempSync(path.join(os.tmpdir(), 'taskloom-backups-')),
): BackupBench {
  const folder = createBackupFolder(path.join(place, 'backups'));
  const backups = createBackups({
    folder,
    url: source.url,
    connect: () => connectClient({ url: source.url, applicationName: 'taskloom-backup' }),
    taskloomVersion: '0.1.0',
  });
  return {
    folder,
    async run(parameters = {}, options = {}) {
      const context = createTestContext({
        executionId: options.executionId ?? (executionId += 1),
        startedAt: new Date('2026-02-03T04:05:06.789Z'),
        signal: options.signal,
        saveCursor: (cursor) => options.onProgress?.(cursor),
        services: { backups },
      });
      return (await dataBackup.run(context, dataBackup.parameters.parse({ method: 'copy', ...parameters }))) as Result;
    },
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}

export const nameOf = (result: Result) => path.basename(result.backup_path);

/** Restores a backup into a new database, by the steps of `npm run restore`. */
export async function restoreElsewhere(folder: BackupFolder, name: string): Promise<TestDatabase> {
  const target = await createTestDatabase();
  const restore = createRestore({
    folder,
    database: target.database,
    migrationNames: migrationNames(),
    migrate,
    report: () => undefined,
  });
  await restore.restore(await restore.plan(name, new AbortController().signal)).catch(async (error: unknown) => {
    await target.drop();
    throw error;
  });
  return target;
}

/**
 * The database, filled, and the folder of backups of each test. Registers the hooks that create and remove them, and
 * the databases into which a test restores.
 */
export function createBackupTest() {
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

  return {
    get db() {
      return db;
    },
    get bench() {
      return bench;
    },
    /** Databases that are dropped after the test. */
    databases,
    /** Restores a backup into a new database. */
    restored: async (result: Result) => {
      const target = await restoreElsewhere(bench.folder, nameOf(result));
      databases.push(target);
      return target.database;
    },
    /** The names of all backups. */
    places: () => readdirSync(bench.folder.path).sort(),
    filesOf: (result: Result) =>
      readdirSync(bench.folder.placeOf(nameOf(result))).map((name) =>
        path.join(bench.folder.placeOf(nameOf(result)), name),
      ),
  };
}
