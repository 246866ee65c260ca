import type { Knex } from 'knex';

/** What scrapes and deletion syncs know of Reddit, and how far the running ones have come (docs/adr/0012). */
export async function up(knex: Knex): Promise<void> {
  await createThreads(knex);
  await createWatermarks(knex);
  await createScrapeLanes(knex);
  await createScrapePosts(knex);
  await createDeletionSyncs(knex);
  await createWithheldSubreddits(knex);
}

/** How thoroughly the comments of a post were last read, so that an unchanged thread is not read again. */
async function createThreads(knex: Knex): Promise<void> {
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
}

/** Up to which post a listing is known. A row is deleted with its post: cleaned-up content is scraped again. */
async function createWatermarks(knex: Knex): Promise<void> {
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
}

/** The state of one subreddit within a run. */
async function createScrapeLanes(knex: Knex): Promise<void> {
  await knex.schema.createTable('reddit_scrape_lanes', (table) => {
    table.integer('execution_id').notNullable().references('task_executions.id').onDelete('CASCADE');
    table.integer('position').notNullable();
    table.jsonb('state').notNullable();
    // Incremented by every try at a step, so that an older try that is still alive somewhere can no longer write.
    table.integer('version').notNullable().defaultTo(0);
    // The attempt of the run that the step in progress belongs to; null while no step is in progress.
    table.integer('held_attempt');
    table.timestamp('updated_at').notNullable().defaultTo(knex.fn.now());
    table.primary(['execution_id', 'position']);
  });
}

/** The posts that a run has listed, and on which page of which subreddit, so that each is handled once. */
async function createScrapePosts(knex: Knex): Promise<void> {
  await knex.schema.createTable('reddit_scrape_posts', (table) => {
    table.integer('execution_id').notNullable().references('task_executions.id').onDelete('CASCADE');
    table.string('post_id', 50).notNullable();
    table.integer('position').notNullable();
    table.integer('page').notNullable();
    table.primary(['execution_id', 'post_id']);
  });
}

/** The counts of a run, written in one transaction with the changes, so that an attempt that dies miscounts nothing. */
async function createDeletionSyncs(knex: Knex): Promise<void> {
  const counts = ['checked', 'deleted', 'removed', 'restored', 'unreadable', 'requests', 'withheld', 'edited'];
  await knex.schema.createTable('reddit_deletion_syncs', (table) => {
    table.integer('execution_id').primary().references('task_executions.id').onDelete('CASCADE');
    for (const count of counts) table.integer(count).notNullable().defaultTo(0);
  });
}

/** The subreddits that a deletion sync left alone because Reddit no longer shows them, and why. */
async function createWithheldSubreddits(knex: Knex): Promise<void> {
  await knex.schema.createTable('reddit_withheld_subreddits', (table) => {
    table.integer('execution_id').notNullable().references('task_executions.id').onDelete('CASCADE');
    table.string('subreddit', 100).notNullable();
    table.text('reason').notNullable();
    table.integer('items').notNullable();
    table.primary(['execution_id', 'subreddit']);
  });
}

export const down = undefined;
