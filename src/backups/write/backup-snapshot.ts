import { prepareSession } from '../backup-session';
import { readMigrations, readSequences, readTables, type CatalogTable } from '../table-catalog';
import type { Client } from 'pg';
import type { Manifest } from '../backup-manifest';

export interface BackupSnapshot {
  /** All schemas but ours and PostgreSQL's. */
  otherSchemas: string[];
  database: Manifest['database'];
  snapshot: Manifest['snapshot'];
  migrations: string[];
  tables: CatalogTable[];
  sequences: Manifest['sequences'];
}

/** Opens the snapshot that the whole backup is read from. It lasts until the connection ends. */
export async function openSnapshot(client: Client): Promise<BackupSnapshot> {
  await prepareSession(client);
  await client.query('begin isolation level repeatable read read only');
  const {
    rows: [moment],
  } = await client.query<{
    otherSchemas: string[];
    cluster: string;
    timeline: number;
    oid: number;
    name: string;
    server_version: string;
    id: string;
    taken_at: Date;
  }>(`
    select array(
             select nspname::text from pg_namespace
             where nspname not in (current_schema(), 'information_schema') and nspname !~ '^pg_'
             order by 1
           ) as "otherSchemas", (select system_identifier::text from pg_control_system()) as cluster,
           (select timeline_id from pg_control_checkpoint()) as timeline, d.oid::int8 as oid, d.datname::text as name,
           current_setting('server_version_num') as server_version, pg_current_snapshot()::text as id, now() as taken_at
    from pg_database d where d.datname = current_database()`);
  if (!moment) throw new Error('The database does not know itself');
  const { otherSchemas, cluster, timeline, oid, name, server_version } = moment;
  return {
    otherSchemas,
    database: { cluster, timeline, oid, name, server_version },
    snapshot: { id: moment.id, taken_at: moment.taken_at.toISOString() },
    migrations: await readMigrations(client),
    tables: await readTables(client),
    sequences: await readSequences(client),
  };
}
