/** From the least to the most that it may come to. */
export interface EstimateRange {
  min: number;
  max: number;
}
/**
 * A figure, and what it rests on. `exact`: it follows from the parameters alone, or was counted. `measured`: from what
 * is stored; min where nothing has changed since, max where all of it has. `assumed`, `mixed`: something or all of it
 * rests on the assumptions that the basis names; their share in min and max is the least and the most that the
 * parameters allow, and `assumed` is what it comes to by the assumptions.
 */
export interface EstimateFigure extends EstimateRange {
  source: 'exact' | 'measured' | 'assumed' | 'mixed';
  assumed?: number;
}

export interface Estimate {
  /** To Reddit; the kinds that a task type knows. */
  requests: { total: EstimateFigure } & Partial<
    Record<'listing_pages' | 'threads' | 'expansions' | 'checks', EstimateFigure>
  >;
  minutes: EstimateRange & { assumed?: number };
  rows: { posts: EstimateFigure; comments: EstimateFigure };
  /** What the figures rest on. */
  basis: { requests_per_minute: number; assumptions: string[]; subreddits: SubredditBasis[] };
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
  /** Statistics of the stored posts of these subreddits. Subreddits without stored content are left out. */
  contentStats(subreddits: string[]): Promise<ContentStats[]>;
  /** Stored posts and comments written in that time, as far as `limit` of each. */
  countStored(
    scope: { subreddits: string[]; since: Date; until: Date },
    limit: number,
  ): Promise<{ posts: number; comments: number }>;
  /** The given subreddits that have no stored content. */
  withoutContent(subreddits: string[]): Promise<string[]>;
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
  /** Posts whose comments have been read. */
  threadsRead: number;
  /** Threads of its posts that are known and would need no request. */
  unchangedThreads: number;
}

export const exactly = (amount: number): EstimateFigure => ({ min: amount, max: amount, source: 'exact' });

const sourceOf = (figures: EstimateFigure[]): EstimateFigure['source'] => {
  const sources = new Set(figures.map(({ source }) => source).filter((source) => source !== 'exact'));
  return sources.size > 1 ? 'mixed' : ([...sources][0] ?? 'exact');
};

/** The figure of all of these together. */
export function sumOf(figures: EstimateFigure[]): EstimateFigure {
  const sum = (read: (figure: EstimateFigure) => number) =>
    Math.ceil(figures.reduce((total, figure) => total + read(figure), 0));
  const source = sourceOf(figures);
  const total = { min: sum(({ min }) => min), max: sum(({ max }) => max), source };
  return source === 'assumed' || source === 'mixed'
    ? { ...total, assumed: sum(({ max, assumed }) => assumed ?? max) }
    : total;
}

/**
 * How long so many requests take when nobody else spends of the budget, rounded up to tenths: whatever is asked takes
 * some time.
 */
export function minutesOf({ min, max, assumed }: EstimateFigure, requestsPerMinute: number): Estimate['minutes'] {
  const minutes = (requests: number) => Math.ceil((requests * 10) / requestsPerMinute) / 10;
  return { min: minutes(min), max: minutes(max), ...(assumed === undefined ? {} : { assumed: minutes(assumed) }) };
}
