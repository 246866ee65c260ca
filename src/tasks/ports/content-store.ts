import type { RedditComment, RedditPost } from '../../platform/reddit/reddit-client';

/** How many rows an upsert inserted, changed, and left as they were. */
export interface UpsertCounts {
  created: number;
  updated: number;
  unchanged: number;
  /** Ids of items with a value that cannot be stored. */
  refused?: string[];
}

export interface UpsertOptions {
  /** Keeps the counts right when a retry repeats a step of the same run. */
  runStartedAt: Date;
  isSandbox: boolean;
}

/** Where scraped posts and comments are stored. */
export interface ContentStore {
  upsertPosts(posts: RedditPost[], options: UpsertOptions): Promise<UpsertCounts>;
  upsertComments(comments: RedditComment[], options: UpsertOptions): Promise<UpsertCounts>;
}
