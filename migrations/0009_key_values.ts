import type { Knex } from 'knex';

/**
 * The key-value store, for installations without Redis. Unlogged: what it holds may be lost, so it costs no WAL, and
 * backups leave it out. There is no index on expires_at, for updates of the value not to touch an index: expired rows
 * are found by reading a small table.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create unlogged table key_values (
      key text primary key,
      value text not null,
      expires_at timestamptz not null
    ) with (fillfactor = 50);
    create unlogged table key_members (
      key text not null,
      member text not null,
      expires_at timestamptz not null,
      primary key (key, member)
    );
  `);
}

export const down = undefined;
