import type { Knex } from 'knex';

/** Lengths of varchar columns are those of the predecessor's tables. */
export async function up(knex: Knex): Promise<void> {
  await createPosts(knex);
  await createComments(knex);
  await createContentIndexes(knex);
  await createTrigramIndex(knex);
  await createPostSnapshots(knex);
}

async function createPosts(knex: Knex): Promise<void> {
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
    // When Reddit last showed the post, or showed that it is gone. Deletion syncs take the oldest first.
    table.timestamp('checked_at').notNullable().defaultTo(knex.fn.now());
    // A word in the title ranks higher than one in the text.
    table.specificType(
      'search',
      `tsvector generated always as (
         setweight(to_tsvector('english', title), 'A') || to_tsvector('english', coalesce(content, ''))
       ) stored`,
    );
  });
}

async function createComments(knex: Knex): Promise<void> {
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
    table.timestamp('checked_at').notNullable().defaultTo(knex.fn.now());
  });
}

async function createContentIndexes(knex: Knex): Promise<void> {
  // Names of subreddits and authors are case-insensitive on Reddit.
  const bySubreddit = '(lower(subreddit), reddit_created_at desc, id desc)';
  const both = {
    created: '(reddit_created_at desc, id desc)',
    author: '(lower(author), reddit_created_at desc, id desc)',
    score: '(score)',
    scraped: '(scraped_at)',
    checked: '(checked_at, id)',
    search: 'using gin (search)',
  };
  const indexes = {
    reddit_posts: { ...both, subreddit_created: bySubreddit },
    reddit_comments: {
      ...both,
      post: '(post_id, score desc, id desc)',
      // Statistics of a subreddit read this index alone. For that PostgreSQL needs the plain column beside lower().
      subreddit_created: `${bySubreddit} include (subreddit, author, score)`,
    },
  };
  for (const [table, definitions] of Object.entries(indexes))
    for (const [name, definition] of Object.entries(definitions))
      await knex.raw(`create index ${table}_${name} on ${table} ${definition}`);
}

/**
 * For POST /reddit/comments/search, which finds any part of a text. The extension pg_trgm ships with PostgreSQL. Where
 * it is not installed, or where this role may not create it, the search reads the comments one by one.
 */
async function createTrigramIndex(knex: Knex): Promise<void> {
  await knex.raw(`do $$ begin
    create extension if not exists pg_trgm;
    create index reddit_comments_trigrams on reddit_comments using gin (body gin_trgm_ops) where not is_deleted;
  exception when insufficient_privilege or undefined_file or feature_not_supported then
    raise notice 'no trigram index: %', sqlerrm;
  end $$`);
}

/** The history of the counts on a post: a row whenever a scrape found one of the three changed. */
async function createPostSnapshots(knex: Knex): Promise<void> {
  await knex.schema.createTable('reddit_post_snapshots', (table) => {
    table.string('post_id', 50).notNullable().references('reddit_posts.id').onDelete('CASCADE');
    table.timestamp('taken_at').notNullable();
    table.integer('score').notNullable();
    table.decimal('upvote_ratio', 4, 3);
    table.integer('num_comments').notNullable();
    table.primary(['post_id', 'taken_at']);
  });
  await knex.raw('create index reddit_post_snapshots_taken on reddit_post_snapshots (taken_at)');
}

export const down = undefined;
