/** How far the comments of a post are read. A null depth means all levels. */
export interface ReadingLimits {
  commentsLimit: number;
  commentsDepth: number | null;
  expandMore: number;
  /** 'confidence' when left out. */
  commentsSort?: string;
}

/** How far the comments of a post were read last. */
export interface KnownThread extends ReadingLimits {
  postId: string;
  /** As Reddit reported it when the thread was read. */
  numComments: number;
  /** Nothing was left folded within the depth. */
  isComplete: boolean;
  /** How many requests the reading took. */
  requests: number;
}

/** Up to which post a listing is known, and how deep the scrape went that found it. */
export interface Watermark extends ReadingLimits {
  postId: string;
  /** When that post was written. */
  createdAt: Date;
  postsLimit: number;
}

export interface ListingKey {
  subreddit: string;
  sort: string;
  isSandbox: boolean;
}

/** A page of a listing, which a run wants to work on. */
export interface PostClaim {
  executionId: number;
  /** The lane's. */
  position: number;
  page: number;
  postIds: string[];
}

export interface UnlistedQuery {
  executionId: number;
  subreddit: string;
  isSandbox: boolean;
  writtenSince: Date;
  afterId: string;
  limit: number;
}

/** What scrapes remember, so that nothing is requested twice. */
export interface ScrapeMemory {
  /** Returns those of the posts that no other page of the run has listed. A repeated call returns the same. */
  claimPosts(claim: PostClaim): Promise<string[]>;
  findThreads(postIds: string[]): Promise<KnownThread[]>;
  saveThread(thread: KnownThread): Promise<void>;
  findWatermark(listing: ListingKey): Promise<Watermark | undefined>;
  saveWatermark(listing: ListingKey, watermark: Omit<Watermark, 'createdAt'>): Promise<void>;
  /** Ids of stored posts of the subreddit that the run has not listed, in ascending order. */
  listUnlisted(query: UnlistedQuery): Promise<string[]>;
  forgetListed(executionId: number): Promise<void>;
}
