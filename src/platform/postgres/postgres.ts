import knex, { type Knex } from 'knex';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { connectionString } from './postgres-client';

export type Database = Knex;

export function createDatabase(options: { url: string; poolSize: number; applicationName: string }): Database {
  const database = knex({
    client: 'pg',
    // The statement in front of an error's message then has no values, so that it can be removed exactly.
    compileSqlOnError: false,
    connection: {
      connectionString: connectionString(options.url),
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
    },
    pool: { min: 0, max: options.poolSize },
    acquireConnectionTimeout: 15_000,
  });
  database.on('query-error', withoutStatement);
  return database;
}

/** Messages of errors are shown to users, so the statement moves to a property that only logs show. */
function withoutStatement(error: Error & { statement?: string }, { sql }: { sql: string }): void {
  const prefix = `${sql} - `;
  if (!error.message.startsWith(prefix)) return;
  error.message = error.message.slice(prefix.length);
  error.statement = sql;
}

const MIGRATIONS = path.resolve(__dirname, '../../../migrations');

/** Knex requires `down`, but migrations here only go forward. */
const forwardOnly = () => Promise.reject(new Error('migrations only go forward'));

/**
 * The names of all migrations, oldest first. They have no extension, so that sources (.ts) and builds (.js) count as
 * the same.
 */
export const migrationNames = (): string[] =>
  [
    ...new Set(
      readdirSync(MIGRATIONS)
        .filter((file) => /^\d+_.*\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
        .map((file) => file.replace(/\.(ts|js)$/, '')),
    ),
  ].sort();

const migrationSource = (names: string[]): Knex.MigrationSource<string> => ({
  getMigrations: async () => names,
  getMigrationName: (name) => name,
  // Only require, unlike import(), finds a file by a name without extension.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  getMigration: async (name) => ({ ...(require(path.join(MIGRATIONS, name)) as Knex.Migration), down: forwardOnly }),
});

/**
 * Brings the schema up to date and returns the names of the migrations that ran. Several processes may run it at once.
 * `names` limits it to an older schema, that of a backup. Given a transaction, it runs inside that.
 */
export async function migrate(database: Database, names: string[] = migrationNames()): Promise<string[]> {
  const [, ran] = (await database.migrate.latest({ migrationSource: migrationSource(names) })) as [number, string[]];
  return ran;
}
