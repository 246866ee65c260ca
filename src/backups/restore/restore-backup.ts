import type { Knex } from 'knex';
import type { Client } from 'pg';
import { readChain } from '../backup-chain';
import { RestoreRefusedError } from '../backup-error';
import type { BackupFolder, StoredBackup } from '../backup-folder';
import type { Manifest } from '../backup-manifest';
import { prepareSession } from '../backup-session';
import { loadBackup } from './load-backup';
import {
  keepAuditEntries,
  keepRevocations,
  recordRestore,
  rememberAccounts,
  usersChangedSince,
  type KeptChanges,
} from './newer-than-backup';
import { programVersion } from '../pg-dump';
import { dropEverything, suspendChecks, tablesWithRows } from './schema-reset';
import { quote, readTables } from '../table-catalog';

export interface RestoreDeps {
  folder: BackupFolder;
  database: Knex;
  migrationNames: string[];
  migrate: (database: Knex, names?: string[]) => Promise<string[]>;
  report: (line: string) => void;
}

export interface RestorePlan {
  chain: StoredBackup[];
  /** How many rows the last backup of the chain restores. */
  rows: number;
  missingMigrations: string[];
  tablesWithRows: string[];
  /** Users of the database who were changed since the backup: what was revoked stays so. */
  changedUsers: string[];
  /** Application names of the other Taskloom programs that are connected. */
  connected: string[];
}

/** Longer than a statement of a running program takes, so only a transaction that stays open stops the restore. */
const LOCK_TIMEOUT = '10s';

export function createRestore({ folder, database, migrationNames, migrate, report }: RestoreDeps) {
  async function withClient<Result>(connection: Knex, use: (client: Client) => Promise<Result>): Promise<Result> {
    const pool = connection.client as Knex.Client;
    const client = (await pool.acquireConnection()) as Client;
    return use(client).finally(() => pool.releaseConnection(client) as Promise<void>);
  }

  return {
    /** Verifies every file of the chain and inspects the database, without changing anything. */
    async plan(name: string, signal: AbortSignal): Promise<RestorePlan> {
      const last = await folder.read(name);
      if (!last) throw new RestoreRefusedError(`${folder.path} has no backup ${name}`);
      const chain = await readChain(folder, last).catch((error: unknown) =>
        Promise.reject(new RestoreRefusedError((error as Error).message)),
      );
      const unknown = last.manifest.migrations.filter((each) => !migrationNames.includes(each));
      if (unknown.length > 0)
        throw new RestoreRefusedError(
          `${name} is of a newer Taskloom (${last.manifest.taskloom_version}): ` +
            `this one does not know its migrations ${unknown.join(', ')}`,
        );
      for (const backup of chain) {
        report(`Checking ${backup.manifest.name} (${backup.manifest.type}, ${backup.bytes} bytes) …`);
        await folder.verify(backup, signal);
      }
      if (chain[0]?.manifest.method === 'pg_dump' && (await programVersion('pg_restore')) === undefined)
        throw new RestoreRefusedError(
          `${chain[0].manifest.name} was written by pg_dump: to read it, pg_restore has to be on the PATH`,
        );
      return withClient(database, async (client) => {
        const { rows: all } = await client.query<{ name: string }>(
          `select relname::text as name from pg_class
           where relnamespace = current_schema()::regnamespace and relkind = 'r' and relpersistence = 'p'
           order by 1`,
        );
        const { rows: others } = await client.query<{ name: string }>(
          `select application_name as name from pg_stat_activity
           where datname = current_database() and application_name like 'taskloom-%'
             and application_name <> 'taskloom-restore' and pid <> pg_backend_pid()
           order by 1`,
        );
        return {
          chain,
          rows: last.manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
          missingMigrations: migrationNames.filter((each) => !last.manifest.migrations.includes(each)),
          tablesWithRows: await tablesWithRows(
            client,
            all.map((each) => each.name),
          ),
          changedUsers: await usersChangedSince(client, last.manifest.snapshot.taken_at),
          connected: [...new Set(others.map((each) => each.name))],
        };
      });
    },

    /**
     * Restores in one transaction: other connections see the old data until it commits, and a failure changes nothing.
     * Revocations and audit entries that are newer than the backup stay, and so do changed passwords unless those of
     * the backup are wanted.
     */
    async restore(
      { chain, rows }: RestorePlan,
      { arePasswordsKept = true } = {},
    ): Promise<{ migrationsRun: string[]; kept: KeptChanges }> {
      const last = chain.at(-1)?.manifest;
      if (!last) throw new Error('A chain without a backup');
      const { name, snapshot } = last;
      const done = await database.transaction((trx) =>
        withClient(trx, async (client) => {
          await prepareSession(client);
          await client.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
          const schema = await currentSchema(client);
          const reached = await sequenceValues(client);
          await rememberAccounts(client);
          await dropEverything(client);
          await migrate(trx, last.migrations);
          const tables = (await readTables(client)).map(({ name }) => name);
          refuseUnknownTables(last, tables);

          const resume = await suspendChecks(client, tables);
          for (const { manifest } of chain) {
            report(`Loading ${manifest.name} …`);
            await loadBackup(client, folder.placeOf(manifest.name), manifest, schema, () => undefined);
          }
          await checkRowCounts(client, last);
          await setSequences(client, last, reached);
          report('Checking references …');
          await resume();
          await settle(client);
          const migrationsRun = await migrate(trx);
          const kept = await keepRevocations(client, { takenAt: snapshot.taken_at, arePasswordsKept });
          await keepAuditEntries(client);
          await recordRestore(client, name, {
            taken_at: snapshot.taken_at,
            rows,
            api_keys_revoked: kept.apiKeys,
            users_deactivated: kept.deactivated,
            users_demoted: kept.demoted,
            passwords_changed: kept.passwordsChanged,
            passwords_of: arePasswordsKept ? 'now' : 'backup',
          });
          return { migrationsRun, kept };
        }),
      );
      // The restore is committed by now. If this fails, autovacuum analyzes the tables later.
      await database.raw('analyze').catch(() => undefined);
      return done;
    },
  };
}

async function currentSchema(client: Client): Promise<string> {
  const { rows } = await client.query<{ schema: string }>('select current_schema()::text as schema');
  return rows[0]?.schema ?? 'public';
}

function refuseUnknownTables({ tables }: Manifest, known: string[]): void {
  const missing = tables.map(({ name }) => name).filter((name) => !known.includes(name));
  if (missing.length > 0)
    throw new RestoreRefusedError(`The backup has tables that its migrations do not make: ${missing.join(', ')}`);
}

async function checkRowCounts(client: Client, { tables }: Manifest): Promise<void> {
  for (const { name, rows } of tables) {
    const {
      rows: [counted],
    } = await client.query<{ count: number }>(`select count(*) as count from ${quote(name)}`);
    if (counted?.count !== rows)
      throw new Error(`${name} has ${counted?.count} rows after the restore and had ${rows} when it was backed up`);
  }
}

type SequenceValues = Map<string, { value: bigint; isCalled: boolean }>;

/**
 * Sets each sequence to the backup's value, or to the value that it had reached before the restore if that is higher.
 * Temporal and people know the ids that were assigned after the backup, so these are not assigned again.
 */
async function setSequences(client: Client, { sequences }: Manifest, reached: SequenceValues): Promise<void> {
  for (const { name, value, is_called } of sequences) {
    const old = reached.get(name);
    const isFurther = old !== undefined && old.value > BigInt(value);
    await client.query('select setval($1::regclass, $2::bigint, $3)', [
      quote(name),
      isFurther ? old.value.toString() : value,
      isFurther ? old.isCalled : is_called,
    ]);
  }
}

/** Sequences that have given no value yet are left out. */
async function sequenceValues(client: Client): Promise<SequenceValues> {
  const { rows } = await client.query<{ name: string; value: string }>(
    `select c.relname::text as name, pg_sequence_last_value(c.oid)::text as value from pg_class c
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'S'`,
  );
  return new Map(
    rows
      .filter(({ value }) => value !== null)
      .map(({ name, value }) => [name, { value: BigInt(value), isCalled: true }]),
  );
}

/**
 * Repairs what the restored rows do not determine: execution totals that were wrong already in the backup, and login
 * sessions that ended after it.
 */
async function settle(client: Client): Promise<void> {
  const {
    rows: [has],
  } = await client.query<{ totals: boolean; sessions: boolean }>(
    `select to_regproc('execution_totals_faults') is not null as totals,
       exists (
         select from pg_attribute
         where attrelid = to_regclass('users') and attname = 'session_version' and not attisdropped
       ) as sessions`,
  );
  if (has?.totals) {
    const {
      rows: [off],
    } = await client.query<{ faults: number }>('select count(*) as faults from execution_totals_faults()');
    if (off && off.faults > 0) await client.query('select rebuild_execution_totals()');
  }
  // Minutes since 1970 are higher than every version that was assigned after the backup, so that no session which ended
  // since then becomes valid again.
  if (has?.sessions)
    await client.query(
      'update users set session_version = greatest(session_version + 1, (extract(epoch from now()) / 60)::int)',
    );
}
