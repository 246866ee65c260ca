/** From the least to the most that it may come to. */
export interface EstimateRange {
  min: number;
  max: number;
}

export interface Estimate {
  requests: { total: EstimateRange; listing_pages: EstimateRange; threads: EstimateRange; expansions: EstimateRange };
  minutes: EstimateRange;
  rows: { posts: EstimateRange; comments: EstimateRange };
  /** What the figures rest on. */
  basis: { requests_per_minute: number; subreddits: SubredditBasis[] };
}
export interface SubredditBasis {
  name: string;
  /** `stored`: what was scraped of it; `defaults`: nothing is known of it, a middling subreddit is assumed. */
  source: 'stored' | 'defaults';
  posts: number;
  comments_per_post: number;
  share_with_comments: number;
}

/** What an estimate may ask for. */
export interface EstimateBasis {
  readonly requestsPerMinute: number;
  /** Of the stored posts of these subreddits; those of which nothing is stored are left out. */
  contentStats(subreddits: string[]): Promise<ContentStats[]>;
}
export interface ContentStats {
  /** In lower case. */
  subreddit: string;
  posts: number;
  /** As Reddit tells it, on average over all posts. */
  commentsPerPost: number;
  /** Posts that have comments, from 0 to 1. */
  shareWithComments: number;
  /** Of the posts that have comments: how many requests, beyond the first, reading all of one would cost. */
  expansionsPerThread: number;
  /** Threads of its posts that are known and would need no request. */
  unchangedThreads: number;
}
