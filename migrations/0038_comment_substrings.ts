import type { Knex } from 'knex';

/**
 * For POST /reddit/comments/search, which looks for any part of a text. The extension comes with PostgreSQL; where it is
 * not installed, or this role may not create it, the search reads the comments one by one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`do $$ begin
    create extension if not exists pg_trgm;
    create index reddit_comments_trigrams on reddit_comments using gin (body gin_trgm_ops) where not is_deleted;
  exception when insufficient_privilege or undefined_file or feature_not_supported then
    raise notice 'no trigram index: %', sqlerrm;
  end $$`);
}

export const down = undefined;
