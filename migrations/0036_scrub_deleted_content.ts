import type { Knex } from 'knex';

/** What was marked as deleted and kept its text loses it, as it would today. */
export async function up(knex: Knex): Promise<void> {
  const marker = (column: string) => `case when ${column} = '[removed]' then '[removed]' else '[deleted]' end`;
  await knex.raw(
    `update reddit_posts set title = ${marker('content')}, content = ${marker('content')}, author = '[deleted]', url = null, domain = null, flair_text = null where is_deleted`,
  );
  await knex.raw(
    `update reddit_comments set body = ${marker('body')}, author = '[deleted]', is_submitter = false where is_deleted`,
  );
}

export const down = undefined;
