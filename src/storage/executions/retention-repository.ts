import type { Database } from '../../platform/postgres/postgres';

/** Rows of one statement: few enough that nobody waits for its locks. */
const BATCH = 1_000;

/** What may go when it is old, and by what its age is told. */
const OUTDATED = {
  reset_tokens: {
    table: 'password_resets',
    condition: 'created_at < :before and (used_at is not null or expires_at < now())',
  },
  comments: { table: 'reddit_comments', condition: 'scraped_at < :before' },
  posts: { table: 'reddit_posts', condition: 'scraped_at < :before' },
  // They go with their post, however young they are.
  comments_of_posts: {
    table: 'reddit_comments',
    condition: 'post_id in (select id from reddit_posts where scraped_at < :before) and scraped_at >= :before',
  },
  executions: { table: 'task_executions', condition: "created_at < :before and status <> 'running'" },
} as const;
export type Outdated = keyof typeof OUTDATED;

/** Deletes what is older than a given time, in statements that each lock a little for a moment. */
export function createRetentionRepository(database: Database) {
  /** Answers how many rows went; 0 when none is left but such as somebody else is changing. */
  async function removeBatch(what: Outdated, before: Date, limit = BATCH): Promise<number> {
    const { table, condition } = OUTDATED[what];
    const { rowCount } = await database.raw<{ rowCount: number }>(
      `delete from ${table} where id in (select id from ${table} where ${condition} limit :limit for update skip locked)`,
      { before, limit },
    );
    return rowCount;
  }

  return {
    removeBatch,

    async removeAll(what: Outdated, before: Date): Promise<number> {
      let removed = 0;
      for (let batch = await removeBatch(what, before); batch > 0; batch = await removeBatch(what, before))
        removed += batch;
      return removed;
    },

    async count(what: Outdated, before: Date): Promise<number> {
      const { table, condition } = OUTDATED[what];
      const { rows } = await database.raw<{ rows: { count: number }[] }>(
        `select count(*) as count from ${table} where ${condition}`,
        { before },
      );
      return rows[0]?.count ?? 0;
    },
  };
}
