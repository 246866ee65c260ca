import type { Probe } from '../platform/probes';
import type { RedditClient, RedditComment, RedditPost } from '../platform/reddit/reddit-client';

/** How many rows an upsert inserted, changed, and left as they were. */
export interface UpsertCounts {
  created: number;
  updated: number;
  unchanged: number;
}

/** Where scraped content goes. `runStartedAt` keeps the counts right when a retry repeats a step of the same run. */
export interface ContentStore {
  upsertPosts(posts: RedditPost[], options: { runStartedAt: Date; isSandbox: boolean }): Promise<UpsertCounts>;
  upsertComments(comments: RedditComment[], options: { runStartedAt: Date; isSandbox: boolean }): Promise<UpsertCounts>;
}

/** The outside world, as far as task types may touch it. Wired in worker/main.ts. */
export interface TaskServices {
  /** Asks on behalf of the run's config: the request budget is shared out among configs, by priority. */
  reddit: RedditClient;
  content: ContentStore;
  /** Really asks each server; callers at the same moment share an answer. */
  probes: Record<'postgres' | 'redis' | 'temporal' | 'reddit', Probe>;
}
