import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  // A word in a title counts for more than one in the text.
  await knex.raw(`alter table reddit_posts drop column search,
    add column search tsvector generated always as (setweight(to_tsvector('english', title), 'A') || to_tsvector('english', coalesce(content, ''))) stored`);
  await knex.raw('create index reddit_posts_search on reddit_posts using gin (search)');
  for (const table of ['reddit_posts', 'reddit_comments'])
    await knex.raw('create index ?? on ?? (lower(author), reddit_created_at desc, id desc)', [
      `${table}_author`,
      table,
    ]);
}

export const down = undefined;
