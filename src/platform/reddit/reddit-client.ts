/** Reddit as Taskloom sees it. `createRedditClient` (snoowrap) implements it; no other code speaks to Reddit. */

export const REDDIT_SORTS = ['hot', 'new', 'top', 'rising', 'controversial'] as const;
export type RedditSort = (typeof REDDIT_SORTS)[number];
export const REDDIT_TIME_FILTERS = ['hour', 'day', 'week', 'month', 'year', 'all'] as const;
export type RedditTimeFilter = (typeof REDDIT_TIME_FILTERS)[number];

export const COMMENT_SORTS = ['confidence', 'top', 'new', 'old', 'controversial', 'qa'] as const;
export type CommentSort = (typeof COMMENT_SORTS)[number];

/** What a crosspost, gallery or poll is made of, in the form in which it is stored. */
export interface PostMedia {
  crosspost?: {
    id: string | null;
    subreddit: string | null;
    title: string | null;
    author: string | null;
    text: string | null;
    url: string | null;
    permalink: string | null;
  };
  gallery?: {
    id: string | null;
    type: string | null;
    url: string | null;
    width: number | null;
    height: number | null;
    caption: string | null;
    /** Where the picture leads. */
    link: string | null;
  }[];
  poll?: {
    /** Reddit tells the votes of an option to those who have voted, and after the end. */
    options: { text: string | null; votes: number | null }[];
    total_votes: number | null;
    ends_at: string | null;
  };
}

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
  /** Reddit does not show the score yet. */
  isScoreHidden?: boolean;
  upvoteRatio: number | null;
  numComments: number;
  flairText: string | null;
  isSelf: boolean;
  isNsfw: boolean;
  isSpoiler: boolean;
  /** Pinned to the top of its subreddit. */
  isPinned: boolean;
  /** Null for a post that is neither a crosspost nor a gallery or poll. */
  media?: PostMedia | null;
  /** Whether its author, a moderator or Reddit removed it. */
  isDeleted: boolean;
  /** Whether Reddit hides it from this asker: what is stored of it stays. */
  isUnavailable?: boolean;
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
  isScoreHidden?: boolean;
  controversiality: number;
  isDeleted: boolean;
  isUnavailable?: boolean;
  editedAt: Date | null;
  createdAt: Date;
}

/**
 * A stub in a comment tree. `children` are loaded by the hundred; without children the thread continues at `parentId`.
 */
export interface MoreStub {
  parentId: string;
  children: string[];
  /** The number of comments behind the stub, by Reddit's count. */
  count: number;
  depth: number;
}

export interface CommentTree {
  post: RedditPost | null;
  comments: RedditComment[];
  more: MoreStub[];
  /** The number of items that were left out because they could not be read as comments. */
  malformed: number;
}

export interface ListingPage {
  posts: RedditPost[];
  /** The next page's cursor, or null at the end. */
  after: string | null;
  /** The number of items that were left out because they could not be read as posts. */
  malformed: number;
}

export interface InfoAnswer {
  posts: RedditPost[];
  comments: RedditComment[];
  /** The number of items that could not be read. If it is above 0, a missing item need not be gone. */
  malformed: number;
}

/**
 * The config that sends requests. The budget is divided among configs by priority (1 to 10; 10 is the highest share).
 */
export interface RedditAsker {
  configId: number | null;
  /** 5 when left out. */
  priority?: number;
}

export interface RedditClient {
  /** Whether the content comes from the sandbox; it is marked as such wherever it is shown. */
  readonly isSandbox: boolean;
  /** The number of HTTP requests sent by this client, with retries and without logins. */
  requestsSent(): number;
  /** This client (login and budget) on behalf of a config. Its own `requestsSent` starts at 0. */
  scoped(asker?: RedditAsker): RedditClient;
  listPosts(
    query: { subreddit: string; sort: RedditSort; timeFilter?: RedditTimeFilter; limit: number; after?: string | null },
    signal?: AbortSignal,
  ): Promise<ListingPage>;
  /**
   * The tree of a post, or the one that begins with one comment of it. Reddit does not reliably tell that comment's
   * depth, so the caller does. `depth` (how many levels) and `limit` are Reddit's own; Reddit sends at most 500
   * comments.
   */
  getComments(
    query: {
      postId: string;
      comment?: { id: string; depth: number };
      limit?: number;
      depth?: number;
      sort?: CommentSort;
    },
    signal?: AbortSignal,
  ): Promise<CommentTree>;
  /** At most 100 ids a call. Depths are computed from `depthOf` (comment id -> depth of those already known). */
  getMoreChildren(
    query: {
      postId: string;
      children: string[];
      depthOf: (commentId: string) => number | undefined;
      sort?: CommentSort;
    },
    signal?: AbortSignal,
  ): Promise<Omit<CommentTree, 'post'>>;
  /**
   * At most 100 fullnames a call. Unknown ones are left out. Each comment's depth is 0, because Reddit does not tell
   * it.
   */
  getInfo(fullnames: string[], signal?: AbortSignal): Promise<InfoAnswer>;
  getSubreddit(
    name: string,
    signal?: AbortSignal,
  ): Promise<{ name: string; subscribers: number | null; isNsfw: boolean }>;
  /**
   * Sends the cheapest request that needs a valid token, without retries, and waits two seconds for the budget. Throws
   * a RedditError.
   */
  probe(signal?: AbortSignal): Promise<void>;
}
