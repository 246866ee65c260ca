import { types } from 'pg';
import type { Model } from 'objection';
import type { Knex } from 'knex';
import type { Bindings } from './rows';
import type { Database } from '../../platform/postgres/postgres';

/**
 * A time in UTC to the microsecond, as page cursors need it. A Date has milliseconds, and costs ten times as much to
 * read.
 */
export type InstantText = string;

const TIMESTAMPTZ: number = types.builtins.TIMESTAMPTZ;
const readDate = types.getTypeParser(types.builtins.TIMESTAMPTZ) as (text: string) => Date;

/**
 * PostgreSQL omits trailing zeros: 2026-11-23 19:22:51.12+00. Any other form (another zone, a year before 1) is read as
 * a Date.
 */
function toInstantText(text: string): InstantText {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/.test(text))
    return readDate(text).toISOString().replace('Z', '000Z');
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).padEnd(6, '0')}Z`;
}

const textTypes = {
  getTypeParser: (oid: number) =>
    oid === TIMESTAMPTZ ? toInstantText : (types.getTypeParser(oid) as (text: string) => unknown),
};

/** Positional (`?`) in statements of every request, named (`:name`) elsewhere. */
type PreparedBindings = readonly (Bindings[string] | readonly Date[])[] | Bindings;

async function runPrepared<Row>(
  database: Database,
  sql: string,
  bindings: PreparedBindings,
  options: object,
): Promise<Row[]> {
  const statement = database.raw(sql, bindings as Knex.ValueDict).options(options);
  return ((await statement) as { rows: Row[] }).rows;
}

/**
 * A statement that many requests use: PostgreSQL parses it once per connection, and keeps the plan when one plan fits
 * all values. The name must belong to this SQL text alone. Times are returned as texts (`InstantText`).
 */
export function prepare<Row>(
  database: Database,
  name: string,
  sql: string,
): (bindings: PreparedBindings) => Promise<Row[]> {
  return (bindings) => runPrepared<Row>(database, sql, bindings, { name, types: textTypes });
}

/** The columns of a model's table, by property. A property without a column does not compile. */
export type ColumnsOf<Row extends Model> = Record<Exclude<keyof Row, keyof Model>, string>;

export const selectList = (columns: Record<string, string>): string =>
  Object.entries(columns)
    .map(([property, column]) => `${column} as "${property}"`)
    .join(', ');

/**
 * A prepared statement for models, without the cost of a query builder. Each column is named: a statement prepared with
 * a star fails as soon as a migration adds a column. `extra` is another selected expression, which the caller reads.
 */
export function prepareRows<Row extends Model>(
  database: Database,
  name: string,
  model: { new (): Row; tableName: string },
  columns: ColumnsOf<Row>,
  rest: string,
  extra?: { sql: string; name: string },
): (bindings: PreparedBindings) => Promise<Row[]> {
  const selected = [selectList(columns), ...(extra ? [`${extra.sql} as "${extra.name}"`] : [])];
  const sql = `select ${selected.join(', ')} from ${model.tableName} ${rest}`;
  return async (bindings) => {
    const found = await runPrepared<object>(database, sql, bindings, { name });
    return found.map((row) => Object.assign(new model(), row));
  };
}
