import { types } from 'pg';
import type { Model } from 'objection';
import type { Database } from '../../platform/postgres/postgres';

/** A time to the microsecond in UTC, as the keys of pages need it: a Date would cut it off, and costs ten times as much. */
export type InstantText = string;

const TIMESTAMPTZ: number = types.builtins.TIMESTAMPTZ;
const readDate = types.getTypeParser(types.builtins.TIMESTAMPTZ) as (text: string) => Date;

/** PostgreSQL leaves trailing zeros out: 2026-11-23 19:22:51.12+00. Anything else (another zone, another era) goes the long way. */
function toInstantText(text: string): InstantText {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/.test(text))
    return readDate(text).toISOString().replace('Z', '000Z');
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).padEnd(6, '0')}Z`;
}

const textTypes = {
  getTypeParser: (oid: number) =>
    oid === TIMESTAMPTZ ? toInstantText : (types.getTypeParser(oid) as (text: string) => unknown),
};

/**
 * For what many requests ask: PostgreSQL parses it once per connection, and keeps the plan where one fits all values. The
 * name must stand for this text alone. Times are texts (`InstantText`).
 */
export function prepare<Row>(
  database: Database,
  name: string,
  sql: string,
): (bindings: readonly unknown[] | Record<string, unknown>) => Promise<Row[]> {
  return async (bindings) => {
    const { rows } = (await database.raw(sql, bindings as never).options({ name, types: textTypes })) as {
      rows: Row[];
    };
    return rows;
  };
}

/** The columns of a model's table. A property without one does not compile. */
export type ColumnsOf<Row extends Model> = Record<Exclude<keyof Row, keyof Model>, string>;

/**
 * The same for whole rows, without the cost of a query builder. Each column is named: a statement prepared with a star
 * fails from the moment that a migration adds one. `extra` is an expression beside them, which the caller has to know of.
 */
export function prepareRows<Row extends Model>(
  database: Database,
  name: string,
  model: { new (): Row; tableName: string },
  columns: ColumnsOf<Row>,
  rest: string,
  extra?: { sql: string; name: string },
): (bindings: readonly unknown[]) => Promise<Row[]> {
  const selected = Object.entries<string>(columns).map(([property, column]) => `${column} as "${property}"`);
  if (extra) selected.push(`${extra.sql} as "${extra.name}"`);
  const sql = `select ${selected.join(', ')} from ${model.tableName} ${rest}`;
  return async (bindings) => {
    const { rows } = (await database.raw(sql, bindings as never).options({ name })) as { rows: object[] };
    return rows.map((row) => Object.assign(new model(), row));
  };
}
