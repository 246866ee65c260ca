import type { Knex } from 'knex';

/** What a sync left as it is because Reddit no longer shows the subreddit at all, and why. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable(
    'reddit_deletion_syncs',
    (table) => void table.integer('withheld').notNullable().defaultTo(0),
  );
  await knex.schema.createTable('reddit_withheld_subreddits', (table) => {
    table.integer('execution_id').notNullable().references('task_executions.id').onDelete('CASCADE');
    table.string('subreddit', 100).notNullable();
    table.text('reason').notNullable();
    table.integer('items').notNullable();
    table.primary(['execution_id', 'subreddit']);
  });
}

export const down = undefined;
