export type OutdatedKind = 'reset_tokens' | 'comments' | 'comments_of_posts' | 'posts' | 'executions';

/** Deletes old rows in batches. */
export interface RetentionStore {
  count(what: OutdatedKind, before: Date): Promise<number>;
  /**
   * Deletes one batch and returns the number of deleted rows. 0 when nothing is left that can be deleted now: rows that
   * others have locked are left to the next run.
   */
  removeBatch(what: OutdatedKind, before: Date): Promise<number>;
}
