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

/** How far the comments of a post were read last. A null depth means all levels. */
export interface KnownThread {
  postId: string;
  numComments: number;
  commentsLimit: number;
  commentsDepth: number | null;
  expandMore: number;
  /** Nothing was left folded within the depth. */
  isComplete: boolean;
  /** What it cost. */
  requests: number;
}
/** Up to which post a listing is known, and how deep the scrape went that found it. */
export interface Watermark extends Pick<KnownThread, 'commentsLimit' | 'commentsDepth' | 'expandMore'> {
  postId: string;
  createdAt: Date;
  postsLimit: number;
}
interface ListingKey {
  subreddit: string;
  sort: string;
  isSandbox: boolean;
}

/** What scrapes remember, so that nothing is asked for twice. */
export interface ScrapeMemory {
  /** Answers which of these posts no other page of the run has listed; repeated, the same. */
  claimPosts(claim: { executionId: number; position: number; page: number; postIds: string[] }): Promise<string[]>;
  findThreads(postIds: string[]): Promise<KnownThread[]>;
  saveThread(thread: KnownThread): Promise<void>;
  findWatermark(listing: ListingKey): Promise<Watermark | undefined>;
  saveWatermark(listing: ListingKey, watermark: Omit<Watermark, 'createdAt'>): Promise<void>;
  /** Ids of stored posts that the run has not listed, in their order. */
  listUnlisted(query: { executionId: number; subreddit: string; isSandbox: boolean; writtenSince: Date; afterId: string; limit: number }): Promise<string[]>;
  forgetListed(executionId: number): Promise<void>;
}

/** The outside world, as far as task types may touch it. Wired in worker/main.ts. */
export interface TaskServices {
  reddit: RedditClient;
  content: ContentStore;
  scrapes: ScrapeMemory;
  /** Really asks each server; callers at the same moment share an answer. */
  probes: Record<'postgres' | 'redis' | 'temporal' | 'reddit', Probe>;
}
