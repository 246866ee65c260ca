import { changedRows, rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { OutdatedKind } from '../../tasks/ports/retention-store';

/** Rows of one statement: few enough that no other transaction waits long for their locks. */
const BATCH = 1_000;

/** Which rows of a kind are outdated. */
const OUTDATED: Record<OutdatedKind, { table: string; condition: string }> = {
  reset_tokens: {
    table: 'password_resets',
    condition: 'created_at < :before and (used_at is not null or expires_at < now())',
  },
  comments: { table: 'reddit_comments', condition: 'scraped_at < :before' },
  posts: { table: 'reddit_posts', condition: 'scraped_at < :before' },
  // Comments are deleted with their post, however young they are.
  comments_of_posts: {
    table: 'reddit_comments',
    condition: 'post_id in (select id from reddit_posts where scraped_at < :before) and scraped_at >= :before',
  },
  executions: { table: 'task_executions', condition: "created_at < :before and status <> 'running'" },
};

/** Deletes what is older than a given time, in statements that each lock few rows for a short time. */
export type RetentionRepository = ReturnType<typeof createRetentionRepository>;
export function createRetentionRepository(database: Database) {
  /** Returns how many rows were deleted. Rows that another transaction has locked are skipped. */
  async function removeBatch(what: OutdatedKind, before: Date, limit = BATCH): Promise<number> {
    const { table, condition } = OUTDATED[what];
    return changedRows(
      database,
      `delete from ${table}
       where id in (select id from ${table} where ${condition} limit :limit for update skip locked)`,
      { before, limit },
    );
  }

  return {
    removeBatch,

    async removeAll(what: OutdatedKind, before: Date): Promise<number> {
      let removed = 0;
      for (let batch = await removeBatch(what, before); batch > 0; batch = await removeBatch(what, before))
        removed += batch;
      return removed;
    },

    async count(what: OutdatedKind, before: Date): Promise<number> {
      const { table, condition } = OUTDATED[what];
      const [row] = await rows<{ count: number }>(
        database,
        `select count(*) as count from ${table} where ${condition}`,
        { before },
      );
      return row?.count ?? 0;
    },
  };
}
