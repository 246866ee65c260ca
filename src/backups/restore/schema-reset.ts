import type { Client } from 'pg';
import { quote, SCHEMA_TABLES } from '../table-catalog';

/** Excludes objects that belong to an extension. */
const isOurs = (catalog: string, alias: string) =>
  `not exists (
     select from pg_depend d
     where d.classid = '${catalog}'::regclass and d.objid = ${alias}.oid and d.deptype = 'e'
   )`;

const DROPS = `
  select format(
           'drop %s if exists %I.%I cascade',
           case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
             when 'f' then 'foreign table' else 'table' end,
           n.nspname, c.relname
         ) as statement,
         case c.relkind when 'v' then 0 when 'm' then 1 when 'S' then 3 else 2 end as step
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = current_schema() and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and ${isOurs('pg_class', 'c')}
  union all
  select format('drop routine if exists %s cascade', p.oid::regprocedure), 4
  from pg_proc p
  where p.pronamespace = current_schema()::regnamespace and p.prokind in ('f', 'p') and ${isOurs('pg_proc', 'p')}
  union all
  select format('drop type if exists %s cascade', t.oid::regtype), 5
  from pg_type t
  where t.typnamespace = current_schema()::regnamespace and t.typtype in ('e', 'd') and ${isOurs('pg_type', 't')}
  order by step`;

/** Empties the schema, so that migrations can create the schema that the backup was made from. */
export async function dropEverything(client: Client): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(DROPS);
  for (const { statement } of rows) await client.query(statement);
}

export async function tablesWithRows(client: Client, names: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names.filter((each) => !SCHEMA_TABLES.includes(each))) {
    const { rows } = await client.query(`select from ${quote(name)} limit 1`);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/**
 * Drops foreign keys and disables Taskloom's triggers, so that rows can be loaded in any order. Returns the function
 * that restores them; it checks the references of every row.
 */
export async function suspendChecks(client: Client, tables: string[]): Promise<() => Promise<void>> {
  const { rows: keys } = await client.query<{ target: string; name: string; definition: string }>(
    `select conrelid::regclass::text as target, conname::text as name, pg_get_constraintdef(oid) as definition
     from pg_constraint
     where contype = 'f' and conparentid = 0 and connamespace = current_schema()::regnamespace
     order by conrelid, conname`,
  );
  for (const { target, name } of keys) await client.query(`alter table ${target} drop constraint ${quote(name)}`);
  for (const table of tables) await client.query(`alter table ${quote(table)} disable trigger user`);
  return async () => {
    for (const { target, name, definition } of keys)
      await client.query(`alter table ${target} add constraint ${quote(name)} ${definition}`);
    for (const table of tables) await client.query(`alter table ${quote(table)} enable trigger user`);
  };
}
