import type { Knex } from 'knex';

/** When Reddit was last seen to have a post or comment, or not to have it: deletion syncs take the oldest first. */
export async function up(knex: Knex): Promise<void> {
  for (const table of ['reddit_posts', 'reddit_comments']) {
    await knex.schema.alterTable(
      table,
      (altered) => void altered.timestamp('checked_at').notNullable().defaultTo(knex.fn.now()),
    );
    await knex(table).update({ checked_at: knex.ref('scraped_at') });
    await knex.raw('create index ?? on ?? (checked_at, id)', [`${table}_checked`, table]);
  }
  // What a run has counted, written together with what it did: an attempt that dies between two answers miscounts nothing.
  await knex.schema.createTable('reddit_deletion_syncs', (table) => {
    table.integer('execution_id').primary().references('task_executions.id').onDelete('CASCADE');
    for (const count of ['checked', 'deleted', 'removed', 'restored', 'unreadable', 'requests'])
      table.integer(count).notNullable().defaultTo(0);
  });
}

export const down = undefined;
