import type { Knex } from 'knex';

/** What scrapes know of threads and listings, and where those at work stand (docs/adr/0012). */
export async function up(knex: Knex): Promise<void> {
  // How far the comments of a post were read last, so that a thread that has not changed is not read again.
  await knex.schema.createTable('reddit_threads', (table) => {
    table.string('post_id', 50).primary().references('reddit_posts.id').onDelete('CASCADE');
    table.integer('num_comments').notNullable();
    table.integer('comments_limit').notNullable();
    // Null: all levels.
    table.integer('comments_depth');
    table.integer('expand_more').notNullable();
    table.boolean('is_complete').notNullable();
    table.integer('requests').notNullable();
    table.timestamp('read_at').notNullable();
  });

  // Up to which post a listing is known. It goes with its post: content that was cleared away is scraped again.
  await knex.schema.createTable('reddit_watermarks', (table) => {
    table.string('subreddit', 100).notNullable();
    table.string('sort', 20).notNullable();
    table.boolean('is_sandbox').notNullable();
    table.string('post_id', 50).notNullable().references('reddit_posts.id').onDelete('CASCADE').index();
    table.integer('posts_limit').notNullable();
    table.integer('comments_limit').notNullable();
    table.integer('comments_depth');
    table.integer('expand_more').notNullable();
    table.timestamp('taken_at').notNullable();
    table.primary(['subreddit', 'sort', 'is_sandbox']);
  });

  await knex.schema.createTable('reddit_scrape_lanes', (table) => {
    table.integer('execution_id').notNullable().references('task_executions.id').onDelete('CASCADE');
    table.integer('position').notNullable();
    table.jsonb('state').notNullable();
    // Grows with every try at a step: an older try that is still alive somewhere can write no more.
    table.integer('version').notNullable().defaultTo(0);
    // The run's attempt that the step at work belongs to; null while none is at work.
    table.integer('held_attempt');
    table.timestamp('updated_at').notNullable().defaultTo(knex.fn.now());
    table.primary(['execution_id', 'position']);
  });

  // The posts that a run has listed, and on which page of which subreddit: each is dealt with once.
  await knex.schema.createTable('reddit_scrape_posts', (table) => {
    table.integer('execution_id').notNullable().references('task_executions.id').onDelete('CASCADE');
    table.string('post_id', 50).notNullable();
    table.integer('position').notNullable();
    table.integer('page').notNullable();
    table.primary(['execution_id', 'post_id']);
  });
}

export const down = undefined;
