import knex, { type Knex } from 'knex';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { connectionString } from './postgres-client';

export type Database = Knex;

export function createDatabase(options: { url: string; poolSize: number; applicationName: string }): Database {
  return knex({
    client: 'pg',
    connection: {
      connectionString: connectionString(options.url),
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
    },
    pool: { min: 0, max: options.poolSize },
    acquireConnectionTimeout: 15_000,
  });
}

const MIGRATIONS = path.resolve(__dirname, '../../../migrations');

/** Knex insists on a way back; migrations here only go forward. */
const forwardOnly = () => Promise.reject(new Error('migrations only go forward'));

/** All migrations of this version, oldest first. They carry no extension, so that sources (.ts, tests) and builds (.js) count as the same. */
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
  // require and not import(): only the former finds a name without extension.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  getMigration: async (name) => ({ ...(require(path.join(MIGRATIONS, name)) as Knex.Migration), down: forwardOnly }),
});

/**
 * Brings the schema up to date and returns the names of the migrations it ran; safe to run from several processes at once.
 * `names` stops at an older schema, that of a backup. Given a transaction it stays within it.
 */
export async function migrate(database: Database, names: string[] = migrationNames()): Promise<string[]> {
  const [, ran] = (await database.migrate.latest({ migrationSource: migrationSource(names) })) as [number, string[]];
  return ran;
}
