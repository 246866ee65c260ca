import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('reddit_watermarks', (table) => {
    // Which comments of a known listing are stored depends on the sort.
    table.string('comments_sort', 20).notNullable().defaultTo('confidence');
  });
}

export const down = undefined;
