import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('reddit_posts', (table) => {
    // What a crosspost, gallery or poll is made of.
    table.jsonb('media');
    table.boolean('is_score_hidden').notNullable().defaultTo(false);
  });
  await knex.schema.alterTable('reddit_comments', (table) => {
    table.boolean('is_score_hidden').notNullable().defaultTo(false);
  });
  await knex.schema.alterTable('reddit_threads', (table) => {
    // Which comments are within the limits depends on the sort.
    table.string('comments_sort', 20).notNullable().defaultTo('confidence');
  });
}

export const down = undefined;
