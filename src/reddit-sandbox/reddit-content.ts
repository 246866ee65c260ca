import type { RedditSort, RedditTimeFilter } from '../platform/reddit/reddit-client';

/** The `data` of a Reddit thing, in the form of Reddit's API. */
export type RedditData = Record<string, unknown> & { id: string; name: string };
export type PostData = RedditData & { subreddit: string };
export type CommentData = RedditData & { link_id: string; parent_id: string };

export const SUBREDDIT_ACCESS = ['public', 'private', 'banned', 'quarantined'] as const;
export type SubredditAccess = (typeof SUBREDDIT_ACCESS)[number];

export interface SandboxSubreddit {
  name: string;
  access: SubredditAccess;
  about: RedditData;
  /** The name to which its addresses are redirected. */
  movedTo?: string;
  /** Its last page names the first one's end as the next. */
  isCircular?: boolean;
}

/** The fields of a post by which listings are ordered; times in Unix seconds. */
export interface PostSummary {
  id: string;
  createdAt: number;
  score: number;
  upvoteRatio: number;
  numComments: number;
}

/** `parent` is an index into the same list, always a smaller one, or -1 for an answer to the post. */
export interface CommentNode {
  id: string;
  parent: number;
  score: number;
  createdAt: number;
}

export interface Thread {
  nodes: CommentNode[];
  /** The comment without `replies` and `depth`, which depend on how the tree is cut. */
  comment(index: number): CommentData;
}

/** The source of the sandbox's objects. Ids have no prefix; names of subreddits are in any case. */
export interface RedditContent {
  readonly kind: 'generated' | 'recorded';
  subredditNames(): string[];
  subreddit(name: string): SandboxSubreddit | undefined;
  /** All ids of the listing, best first, however many. */
  listing(subreddit: string, sort: RedditSort, timeFilter: RedditTimeFilter): string[];
  post(id: string): PostData | undefined;
  thread(postId: string): Thread | undefined;
  comment(id: string): CommentData | undefined;
}
