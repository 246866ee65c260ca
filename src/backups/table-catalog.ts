import type { Client } from 'pg';

export interface CatalogTable {
  name: string;
  columns: string[];
  key: string[];
}

/** Tables of the migrations themselves. A restore fills them by running the migrations. */
export const SCHEMA_TABLES = ['knex_migrations', 'knex_migrations_lock'];

export const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const columnList = (columns: string[]) => columns.map(quote).join(', ');

const TABLES = `
  select c.relname::text as name,
         array(
           select a.attname::text from pg_attribute a
           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
           order by a.attnum
         ) as columns,
         array(
           select a.attname::text
           from pg_index i, unnest(i.indkey::int2[]) with ordinality k (attnum, place), pg_attribute a
           where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.attnum
           order by k.place
         ) as key
  from pg_class c
  where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relpersistence = 'p'
    and c.relname <> all ($1)
    and not exists (
      select from pg_depend d
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
  order by 1`;

/**
 * Reads all tables from the catalog, so that a table of a later migration is included without a change here. Unlogged
 * tables are left out: their rows (sessions, counters) may be lost.
 */
export async function readTables(client: Client): Promise<CatalogTable[]> {
  const { rows } = await client.query<CatalogTable>(TABLES, [SCHEMA_TABLES]);
  return rows;
}

/** Sequences are not transactional. Values that are read after the snapshot are at least those of its rows. */
export async function readSequences(client: Client): Promise<{ name: string; value: string; is_called: boolean }[]> {
  const { rows: names } = await client.query<{ name: string }>(
    `select relname::text as name from pg_class
     where relnamespace = current_schema()::regnamespace and relkind = 'S' and relname <> all ($1)
     order by 1`,
    [SCHEMA_TABLES.map((table) => `${table}_id_seq`).concat('knex_migrations_lock_index_seq')],
  );
  if (names.length === 0) return [];
  const { rows } = await client.query<{ name: string; value: string; is_called: boolean }>(
    names
      .map(
        ({ name }) =>
          `select '${name.replaceAll("'", "''")}' as name, last_value::text as value, is_called from ${quote(name)}`,
      )
      .join(' union all '),
  );
  return rows;
}

export async function readMigrations(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from knex_migrations order by name');
  return rows.map(({ name }) => name);
}
