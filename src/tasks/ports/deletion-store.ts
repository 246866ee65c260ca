import type { PostMedia } from '../../platform/reddit/reddit-client';

/** A stored post or comment that is due to be compared with Reddit. */
export interface DueContent {
  fullname: string;
  /** In lower case. */
  subreddit: string;
}

/** Which stored content a deletion sync is about. */
export interface SyncScope {
  /** In any case; all when empty. */
  subreddits: string[];
  isSandbox: boolean;
  /** By the time of writing on Reddit: since ≤ time < until. */
  since: Date;
  until: Date;
}

/** What an author wrote, and who they are. A comment has no title, link or flair. */
export interface AuthoredFields {
  title: string | null;
  text: string | null;
  author: string | null;
  isSubmitter: boolean;
  url: string | null;
  domain: string | null;
  flairText: string | null;
  media?: PostMedia | null;
  editedAt: Date | null;
}

/**
 * What Reddit says of a stored post or comment. `there` has its present wording, `gone` the marker in place of its
 * text, `withheld` the reason why Reddit shows nothing of its subreddit.
 */
export type ContentCheck = { fullname: string } & (
  | ({ state: 'there' } & AuthoredFields)
  | { state: 'gone'; marker: '[deleted]' | '[removed]' }
  | { state: 'unreadable' }
  | { state: 'withheld'; subreddit: string; reason: string }
);

export interface CheckCounts {
  checked: number;
  /** Of those checked, the ones that changed. */
  deleted: number;
  removed: number;
  restored: number;
  /** Still there, with another wording than was stored. */
  edited: number;
  unreadable: number;
  /** Left as they are, because Reddit shows nothing of their subreddit. */
  withheld: number;
  requests: number;
}

export interface WithheldSubreddit {
  subreddit: string;
  reason: string;
  items: number;
}

/**
 * Which content was compared with Reddit when, and with what result. Counts are kept by execution, and change in the
 * transaction that changes the rows.
 */
export interface DeletionStore {
  countsOf(executionId: number): Promise<CheckCounts>;
  /** What was not checked since `runStartedAt`; what has been unchecked for longest comes first. */
  listDue(scope: SyncScope, page: { runStartedAt: Date; limit: number }): Promise<DueContent[]>;
  record(
    executionId: number,
    found: { runStartedAt: Date; checks: ContentCheck[]; requests: number },
  ): Promise<CheckCounts>;
  listWithheld(executionId: number): Promise<WithheldSubreddit[]>;
  /** The given subreddits that have no stored content, spelled as given. */
  withoutContent(subreddits: string[], isSandbox: boolean): Promise<string[]>;
}
