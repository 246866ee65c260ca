/** What Taskloom knows of Reddit. `createRedditClient` (snoowrap) serves it; nobody else speaks to Reddit. */

export const REDDIT_SORTS = ['hot', 'new', 'top', 'rising', 'controversial'] as const;
export type RedditSort = (typeof REDDIT_SORTS)[number];
export const REDDIT_TIME_FILTERS = ['hour', 'day', 'week', 'month', 'year', 'all'] as const;
export type RedditTimeFilter = (typeof REDDIT_TIME_FILTERS)[number];

export interface RedditPost {
  /** Base-36, without the t3_ prefix. */
  id: string;
  title: string;
  author: string | null;
  subreddit: string;
  subredditSubscribers: number | null;
  content: string | null;
  url: string | null;
  domain: string | null;
  score: number;
  upvoteRatio: number | null;
  numComments: number;
  flairText: string | null;
  isSelf: boolean;
  isNsfw: boolean;
  isSpoiler: boolean;
  /** Kept at the top of its subreddit, whatever its age or score. */
  isPinned: boolean;
  /** Its author or a moderator took it away. */
  isDeleted: boolean;
  editedAt: Date | null;
  createdAt: Date;
}

export interface RedditComment {
  /** Base-36, without the t1_ prefix. */
  id: string;
  postId: string;
  author: string | null;
  body: string;
  subreddit: string;
  /** With prefix: t1_ for a comment, t3_ for the post. */
  parentId: string;
  /** 0 for an answer to the post itself. */
  depth: number;
  isSubmitter: boolean;
  score: number;
  controversiality: number;
  isDeleted: boolean;
  editedAt: Date | null;
  createdAt: Date;
}

/** A stub in a comment tree: `children` to be asked for by the hundred, or, when empty, a thread to go on with at `parentId`. */
export interface MoreStub {
  parentId: string;
  children: string[];
  /** How many comments Reddit says are behind it. */
  count: number;
  depth: number;
}

export interface CommentTree {
  post: RedditPost | null;
  comments: RedditComment[];
  more: MoreStub[];
  /** Items that could not be read as comments, left out. */
  malformed: number;
}

export interface ListingPage {
  posts: RedditPost[];
  /** The next page's cursor, or null at the end. */
  after: string | null;
  /** Items that could not be read as posts, left out. */
  malformed: number;
}

export interface InfoAnswer {
  posts: RedditPost[];
  comments: RedditComment[];
  /** Items that could not be read, left out: with any of them, what is missing need not be gone. */
  malformed: number;
}

/** On whose behalf Reddit is asked: the budget is shared out among configs, by priority (1 to 10, 10 the highest share). */
export interface RedditAsker {
  configId: number | null;
  /** 5 when left out. */
  priority?: number;
}

export interface RedditClient {
  /** Sandbox content is made up or recorded, and is marked as such wherever it shows. */
  readonly isSandbox: boolean;
  /** HTTP requests sent since this client was made, repeated tries counted, tokens not. */
  requestsSent(): number;
  /** The same client (login and budget) on behalf of a config. Its `requestsSent` starts at 0 and counts what is sent through it alone. */
  scoped(asker?: RedditAsker): RedditClient;
  listPosts(
    query: { subreddit: string; sort: RedditSort; timeFilter?: RedditTimeFilter; limit: number; after?: string | null },
    signal?: AbortSignal,
  ): Promise<ListingPage>;
  /**
   * The tree of a post, or the one that begins with (and includes) one comment of it, whose depth Reddit does not tell
   * dependably: the caller does. `depth` (how many levels) and `limit` as Reddit takes them; it gives 500 at most.
   */
  getComments(
    query: { postId: string; comment?: { id: string; depth: number }; limit?: number; depth?: number },
    signal?: AbortSignal,
  ): Promise<CommentTree>;
  /** At most 100 ids a call. Depths are computed from `depthOf` (comment id -> depth of those already known). */
  getMoreChildren(
    query: { postId: string; children: string[]; depthOf: (commentId: string) => number | undefined },
    signal?: AbortSignal,
  ): Promise<Omit<CommentTree, 'post'>>;
  /** At most 100 fullnames a call; what Reddit does not know is left out. It tells no depths: each comment's is 0. */
  getInfo(fullnames: string[], signal?: AbortSignal): Promise<InfoAnswer>;
  getSubreddit(
    name: string,
    signal?: AbortSignal,
  ): Promise<{ name: string; subscribers: number | null; isNsfw: boolean }>;
  /** Asks once, without tries, and with two seconds to wait for the budget, for the cheapest thing that needs a valid token; throws a RedditError. */
  probe(signal?: AbortSignal): Promise<void>;
}

/** 'forbidden' also stands for whatever else Reddit refuses; 'malformed' is an answer that cannot be read, which a second try may mend. */
export type RedditErrorKind =
  'rate_limited' | 'unavailable' | 'unauthorized' | 'forbidden' | 'not_found' | 'network' | 'malformed' | 'aborted';

/** `retryAfterMs` is set when Reddit, or the turn in its budget, says how long to wait. */
export class RedditError extends Error {
  override readonly name = 'RedditError';
  constructor(
    readonly kind: RedditErrorKind,
    message: string,
    readonly details: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
  }
}
