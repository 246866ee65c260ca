import type { Knex } from 'knex';
import type { Database } from '../../platform/postgres/postgres';

type Scalar = string | number | boolean | Date | null;
/**
 * What a statement's `:name` may stand for. An array becomes an array of PostgreSQL; undefined only where no `:name`
 * is.
 */
export type Bindings = Record<string, Scalar | readonly Scalar[] | undefined>;

/** Knex types an array of one kind only, and none with nulls in it; the driver sends them all. */
export const toKnexBindings = (bindings: Bindings): Knex.ValueDict => bindings as Knex.ValueDict;

/** Runs a statement of SQL with named bindings (`:name`) and returns its rows, whose shape the caller vouches for. */
export async function rows<Row>(database: Database, sql: string, bindings: Bindings = {}): Promise<Row[]> {
  return (await database.raw<{ rows: Row[] }>(sql, toKnexBindings(bindings))).rows;
}

/** The same for a statement that returns nothing: how many rows it inserted, updated or deleted. */
export async function changedRows(database: Database, sql: string, bindings: Bindings): Promise<number> {
  return (await database.raw<{ rowCount: number }>(sql, toKnexBindings(bindings))).rowCount;
}
