import type { Knex } from 'knex';
import type { Client } from 'pg';
import { readChain } from './backup-chain';
import { RestoreRefusedError } from './backup-error';
import type { BackupFolder, StoredBackup } from './backup-folder';
import { prepareSession } from './backup-snapshot';
import { loadBackup } from './load-backup';
import { programVersion } from './pg-dump';
import { dropEverything, suspendChecks, tablesWithRows } from './schema-reset';
import { quote, readTables } from './table-catalog';

export interface RestoreDeps {
  folder: BackupFolder;
  database: Knex;
  migrationNames: string[];
  migrate: (database: Knex, names?: string[]) => Promise<string[]>;
  report: (line: string) => void;
}

export interface RestorePlan {
  chain: StoredBackup[];
  /** Of the last in the chain. */
  rows: number;
  missingMigrations: string[];
  tablesWithRows: string[];
  /** Other programs of ours that are connected, by name. */
  connected: string[];
}

/** Nobody who holds a lock is waited for much longer than a statement takes. */
const LOCK_TIMEOUT = '10s';

export function createRestore({ folder, database, migrationNames, migrate, report }: RestoreDeps) {
  async function withClient<Result>(connection: Knex, use: (client: Client) => Promise<Result>): Promise<Result> {
    const pool = connection.client as Knex.Client;
    const client = (await pool.acquireConnection()) as Client;
    return use(client).finally(() => pool.releaseConnection(client) as Promise<void>);
  }

  return {
    /** Reads every file of the chain, and looks at the database; changes nothing. */
    async plan(name: string, signal: AbortSignal): Promise<RestorePlan> {
      const last = await folder.read(name);
      if (!last) throw new RestoreRefusedError(`${folder.path} has no backup ${name}`);
      const chain = await readChain(folder, last).catch((error: unknown) =>
        Promise.reject(new RestoreRefusedError((error as Error).message)),
      );
      const unknown = last.manifest.migrations.filter((each) => !migrationNames.includes(each));
      if (unknown.length > 0)
        throw new RestoreRefusedError(
          `${name} is of a newer Taskloom (${last.manifest.taskloom_version}): this one does not know its migrations ${unknown.join(', ')}`,
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
          "select relname::text as name from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' and relpersistence = 'p' order by 1",
        );
        const { rows: others } = await client.query<{ name: string }>(
          "select application_name as name from pg_stat_activity where datname = current_database() and application_name like 'taskloom-%' and application_name <> 'taskloom-restore' and pid <> pg_backend_pid() order by 1",
        );
        return {
          chain,
          rows: last.manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
          missingMigrations: migrationNames.filter((each) => !last.manifest.migrations.includes(each)),
          tablesWithRows: await tablesWithRows(
            client,
            all.map((each) => each.name),
          ),
          connected: [...new Set(others.map((each) => each.name))],
        };
      });
    },

    /**
     * All of it in one transaction: until its end everybody sees what was there before, and a failure changes nothing.
     */
    async restore({ chain }: RestorePlan): Promise<{ migrationsRun: string[] }> {
      const last = chain.at(-1)?.manifest;
      if (!last) throw new Error('A chain without a backup');
      const migrationsRun = await database.transaction((trx) =>
        withClient(trx, async (client) => {
          await prepareSession(client);
          await client.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
          const {
            rows: [{ schema } = { schema: 'public' }],
          } = await client.query<{ schema: string }>('select current_schema()::text as schema');
          const reached = await sequenceValues(client);
          await dropEverything(client);
          await migrate(trx, last.migrations);
          const tables = (await readTables(client)).map(({ name }) => name);
          const missing = last.tables.filter(({ name }) => !tables.includes(name));
          if (missing.length > 0)
            throw new RestoreRefusedError(
              `The backup has tables that its migrations do not make: ${missing.map(({ name }) => name).join(', ')}`,
            );

          const resume = await suspendChecks(client, tables);
          for (const { manifest } of chain) {
            report(`Loading ${manifest.name} …`);
            await loadBackup(client, folder.placeOf(manifest.name), manifest, schema, () => undefined);
          }
          for (const { name, rows } of last.tables) {
            const {
              rows: [counted],
            } = await client.query<{ count: number }>(`select count(*) as count from ${quote(name)}`);
            if (counted?.count !== rows)
              throw new Error(
                `${name} has ${counted?.count} rows after the restore and had ${rows} when it was backed up`,
              );
          }
          // Ids given away since the backup are known to Temporal and to people: where the database still knows them,
          // they stay spent.
          for (const { name, value, is_called } of last.sequences) {
            const old = reached.get(name);
            const isFurther = old !== undefined && old.value > BigInt(value);
            await client.query('select setval($1::regclass, $2::bigint, $3)', [
              quote(name),
              isFurther ? old.value.toString() : value,
              isFurther ? old.isCalled : is_called,
            ]);
          }
          report('Checking references …');
          await resume();
          await settle(client);
          return migrate(trx);
        }),
      );
      // The restore stands; autovacuum would come to it by itself.
      await database.raw('analyze').catch(() => undefined);
      return { migrationsRun };
    },
  };
}

async function sequenceValues(client: Client): Promise<Map<string, { value: bigint; isCalled: boolean }>> {
  const { rows } = await client.query<{ name: string; value: string }>(
    "select c.relname::text as name, pg_sequence_last_value(c.oid)::text as value from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'S'",
  );
  return new Map(
    rows
      .filter(({ value }) => value !== null)
      .map(({ name, value }) => [name, { value: BigInt(value), isCalled: true }]),
  );
}

/**
 * What rows alone do not settle: sums over executions that had been off already, and sessions that ended after the
 * backup.
 */
async function settle(client: Client): Promise<void> {
  const {
    rows: [has],
  } = await client.query<{ totals: boolean; sessions: boolean }>(
    "select to_regproc('execution_totals_faults') is not null as totals, exists (select from pg_attribute where attrelid = to_regclass('users') and attname = 'session_version' and not attisdropped) as sessions",
  );
  if (has?.totals) {
    const {
      rows: [off],
    } = await client.query<{ faults: number }>('select count(*) as faults from execution_totals_faults()');
    if (off && off.faults > 0) await client.query('select rebuild_execution_totals()');
  }
  // Minutes since 1970: beyond every number that was given away after the backup, so none of those sessions comes back
  // to life.
  if (has?.sessions)
    await client.query(
      'update users set session_version = greatest(session_version + 1, (extract(epoch from now()) / 60)::int)',
    );
}
