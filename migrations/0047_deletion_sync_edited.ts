import type { Knex } from 'knex';

/** What a sync found to read otherwise than it was stored. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable(
    'reddit_deletion_syncs',
    (table) => void table.integer('edited').notNullable().defaultTo(0),
  );
}

export const down = undefined;
