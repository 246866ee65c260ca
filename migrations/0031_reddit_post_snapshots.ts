import type { Knex } from 'knex';

/** The history of what is counted on a post: a row whenever a scrape found one of the three changed. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('reddit_post_snapshots', (table) => {
    table.string('post_id', 50).notNullable().references('reddit_posts.id').onDelete('CASCADE');
    table.timestamp('taken_at').notNullable();
    table.integer('score').notNullable();
    table.decimal('upvote_ratio', 4, 3);
    table.integer('num_comments').notNullable();
    table.primary(['post_id', 'taken_at']);
  });
  await knex.raw('create index reddit_post_snapshots_taken on reddit_post_snapshots (taken_at)');
  // The history of what is there already begins with what was found last.
  await knex.raw(
    'insert into reddit_post_snapshots select id, scraped_at, score, upvote_ratio, num_comments from reddit_posts',
  );
}

export const down = undefined;
