import type { Knex } from 'knex';

/** Statistics of a subreddit are read out of this index alone. PostgreSQL wants the column itself in it too, beside lower(subreddit). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('drop index reddit_comments_subreddit_created');
  await knex.raw(
    'create index reddit_comments_subreddit_created on reddit_comments (lower(subreddit), reddit_created_at desc, id desc) include (subreddit, author, score)',
  );
  // What PostgreSQL knows of lower(subreddit) went with the index.
  await knex.raw('analyze reddit_comments');
}

export const down = undefined;
