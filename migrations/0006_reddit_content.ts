import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('reddit_posts', (table) => {
    table.string('id', 50).primary();
    table.text('title').notNullable();
    table.string('author', 100);
    table.string('subreddit', 100).notNullable();
    table.integer('subreddit_subscribers');
    table.text('content');
    table.text('url');
    table.string('domain', 200);
    table.integer('score').notNullable().defaultTo(0);
    table.decimal('upvote_ratio', 4, 3);
    table.integer('num_comments').notNullable().defaultTo(0);
    table.string('flair_text', 200);
    table.boolean('is_self').notNullable().defaultTo(false);
    table.boolean('is_nsfw').notNullable().defaultTo(false);
    table.boolean('is_spoiler').notNullable().defaultTo(false);
    table.boolean('is_deleted').notNullable().defaultTo(false);
    table.boolean('is_sandbox').notNullable().defaultTo(false);
    table.timestamp('edited_at');
    table.timestamp('reddit_created_at').notNullable();
    table.timestamp('first_seen_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('scraped_at').notNullable().defaultTo(knex.fn.now());
    table.specificType(
      'search',
      "tsvector generated always as (to_tsvector('english', title || ' ' || coalesce(content, ''))) stored",
    );
  });
  await knex.schema.createTable('reddit_comments', (table) => {
    table.string('id', 50).primary();
    table.string('post_id', 50).notNullable().references('reddit_posts.id').onDelete('CASCADE');
    table.string('author', 100);
    table.text('body').notNullable();
    table.string('subreddit', 100).notNullable();
    table.string('parent_id', 50);
    table.integer('depth').notNullable().defaultTo(0);
    table.boolean('is_submitter').notNullable().defaultTo(false);
    table.integer('score').notNullable().defaultTo(0);
    table.integer('controversiality').notNullable().defaultTo(0);
    table.boolean('is_deleted').notNullable().defaultTo(false);
    table.boolean('is_sandbox').notNullable().defaultTo(false);
    table.timestamp('edited_at');
    table.timestamp('reddit_created_at').notNullable();
    table.timestamp('first_seen_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('scraped_at').notNullable().defaultTo(knex.fn.now());
    table.specificType('search', "tsvector generated always as (to_tsvector('english', body)) stored");
  });
  for (const table of ['reddit_posts', 'reddit_comments']) {
    // Subreddit names are case-insensitive on Reddit; varchar lengths stay the predecessor's.
    await knex.raw('create index ?? on ?? (reddit_created_at desc, id desc)', [`${table}_created`, table]);
    await knex.raw('create index ?? on ?? (lower(subreddit), reddit_created_at desc, id desc)', [
      `${table}_subreddit_created`,
      table,
    ]);
    await knex.raw('create index ?? on ?? (score)', [`${table}_score`, table]);
    await knex.raw('create index ?? on ?? (scraped_at)', [`${table}_scraped`, table]);
    await knex.raw('create index ?? on ?? using gin (search)', [`${table}_search`, table]);
  }
  await knex.raw('create index reddit_comments_post on reddit_comments (post_id, score desc, id desc)');
}

export const down = undefined;
