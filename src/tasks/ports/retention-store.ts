export type OutdatedKind = 'reset_tokens' | 'comments' | 'comments_of_posts' | 'posts' | 'executions';

/** Deletes old rows in batches. */
export interface RetentionStore {
  count(what: OutdatedKind, before: Date): Promise<number>;
  /** Deletes one batch and returns the number of deleted rows; 0 when nothing is left to delete. */
  removeBatch(what: OutdatedKind, before: Date): Promise<number>;
}
