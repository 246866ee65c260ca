import type { Mailer } from '../platform/mail/mailer';
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

export type OutdatedKind = 'reset_tokens' | 'comments' | 'comments_of_posts' | 'posts' | 'executions';
/** Deletes what is old, a batch a call. */
export interface RetentionStore {
  count(what: OutdatedKind, before: Date): Promise<number>;
  /** Answers how many rows went; 0 when nothing is left to do. */
  removeBatch(what: OutdatedKind, before: Date): Promise<number>;
}

export interface OverdueRun {
  executionId: number;
  taskId: string;
  configId: number | null;
  configName: string | null;
  taskType: string;
  runningSeconds: number;
  /** Its like took no longer than this in 95 of 100 cases. */
  usualSeconds: number;
}

export interface RunMonitor {
  /** Runs that take longer than `factor` times their usual time; `unjudged` are those with too short a history. */
  findOverdue(query: {
    exceptId: number;
    factor: number;
    leastSeconds: number;
  }): Promise<{ running: number; unjudged: number; overdue: OverdueRun[] }>;
}

/** One recipient's copy of a run's mail. `sending`: a try began, and has not told how it ended. */
export interface MailDelivery {
  recipient: string;
  state: 'sending' | 'deferred' | 'sent' | 'failed';
  messageId: string;
  response: string | null;
}

/** Outlives the attempt and its worker: what tells the next attempt who has the mail. */
export interface MailLedger {
  list(executionId: number): Promise<MailDelivery[]>;
  record(executionId: number, deliveries: MailDelivery[]): Promise<void>;
}

export interface BackupRequest {
  executionId: number;
  configId: number | null;
  /** When the execution began: part of the backup's name, so that a retry writes the same one. */
  startedAt: Date;
  type: 'full' | 'incremental';
  method: 'auto' | 'copy' | 'pg_dump';
  /** Full backups, with what adds to them. */
  keep: number;
}

export interface WrittenBackup {
  name: string;
  type: 'full' | 'incremental';
  method: 'copy' | 'pg_dump';
  /** Why a full backup was made although an incremental one was wanted. */
  whyFull: string | null;
  parent: string | null;
  rows: number;
  tables: number;
  bytes: number;
  /** Of the list of checksums that comes with it. */
  sha256: string;
  snapshotAt: string;
  /** Older ones that went. */
  removed: string[];
}

/** Backups of the database. One is there whole or not at all, and once for an execution however often it is attempted. */
export interface Backups {
  write(
    request: BackupRequest,
    step: LongStep<[progress: { tables: number; tablesTotal: number; rows: number; bytes: number }]>,
  ): Promise<WrittenBackup>;
}

export type ExportSource = 'posts' | 'comments' | 'executions' | 'configs';
export type ExportFormat = 'json' | 'ndjson' | 'csv' | 'excel' | 'parquet';

export interface ExportFilters {
  /** Lower case, without "r/". */
  subreddits?: string[];
  authors?: string[];
  min_score?: number;
  post_ids?: string[];
  statuses?: string[];
  task_types?: string[];
  config_ids?: number[];
}

/** Which rows of a source: from ≤ moment < to. */
export interface ExportSelection {
  source: ExportSource;
  from?: Date;
  to?: Date;
  filters: ExportFilters;
}

export interface ExportRequest extends ExportSelection {
  executionId: number;
  configId: number | null;
  /** When the execution began: part of the file's name, so that a retry writes the same file. */
  startedAt: Date;
  format: ExportFormat;
  compression: 'none' | 'gzip';
  areFormulasEscaped: boolean;
  /** null: as the settings say. */
  expiresInDays: number | null;
}

export interface ExportedFile {
  id: number;
  name: string;
  storage: 'local' | 's3';
  rows: number;
  bytes: number;
  sha256: string;
  expiresAt: Date;
  /** Texts that were cut because the format does not hold longer ones. */
  truncatedCells: number;
}

export interface LongStep<Progress extends unknown[]> {
  signal: AbortSignal;
  onProgress: (...progress: Progress) => void;
}

/** Files of rows. A file is there whole or not at all; written again for the same execution it takes the first one's place. */
export interface Exports {
  write(request: ExportRequest, step: LongStep<[rowsWritten: number, rowsTotal: number]>): Promise<ExportedFile>;
  /** Removes files that have expired, and those of exports that began before `createdBefore`. */
  cleanUp(
    request: { now: Date; createdBefore?: Date; isDryRun: boolean },
    step: LongStep<[files: number]>,
  ): Promise<{ files: number; bytes: number; abandoned: number; temporaries: number }>;
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
  listUnlisted(query: {
    executionId: number;
    subreddit: string;
    isSandbox: boolean;
    writtenSince: Date;
    afterId: string;
    limit: number;
  }): Promise<string[]>;
  forgetListed(executionId: number): Promise<void>;
}

/** A stored post or comment that is to be compared with Reddit; its subreddit in lower case. */
export interface DueContent {
  fullname: string;
  subreddit: string;
}

/** What somebody wrote, and who it was. Of a comment there is no title, link or flair. */
export interface ContentWording {
  title: string | null;
  text: string | null;
  author: string | null;
  isSubmitter: boolean;
  url: string | null;
  domain: string | null;
  flairText: string | null;
  editedAt: Date | null;
}

/**
 * What Reddit says of a stored post or comment. `gone` carries what stands in place of its text; `there` how it reads
 * now; `withheld` why Reddit shows nothing of its subreddit.
 */
export type ContentCheck = { fullname: string } & (
  | ({ state: 'there' } & ContentWording)
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
  /** Still there, and reads otherwise than it did. */
  edited: number;
  unreadable: number;
  /** Left as they are, because Reddit shows nothing of their subreddit. */
  withheld: number;
  requests: number;
}

/** Which content was compared with Reddit when, and what became of it. Counts are kept by execution, in step with the rows. */
export interface DeletionStore {
  countsOf(executionId: number): Promise<CheckCounts>;
  /** What was not checked since `runStartedAt`, the longest unchecked first. */
  listDue(
    scope: { subreddits: string[]; isSandbox: boolean; since: Date; until: Date },
    page: { runStartedAt: Date; limit: number },
  ): Promise<DueContent[]>;
  record(
    executionId: number,
    found: { runStartedAt: Date; checks: ContentCheck[]; requests: number },
  ): Promise<CheckCounts>;
  listWithheld(executionId: number): Promise<{ subreddit: string; reason: string; items: number }[]>;
  /** Those of these subreddits of which nothing is stored, as they were given. */
  withoutContent(subreddits: string[], isSandbox: boolean): Promise<string[]>;
}

/** The outside world, as far as task types may touch it. Wired in worker/create-activity-deps.ts. */
export interface TaskServices {
  /** Asks on behalf of the run's config: the request budget is shared out among configs, by priority. */
  reddit: RedditClient;
  content: ContentStore;
  backups: Backups;
  retention: RetentionStore;
  runs: RunMonitor;
  mailer: Pick<Mailer, 'send' | 'messageIdOf'>;
  deliveries: MailLedger;
  exports: Exports;
  scrapes: ScrapeMemory;
  deletions: DeletionStore;
  /** Really asks each server; callers at the same moment share an answer. */
  probes: Record<'postgres' | 'redis' | 'temporal' | 'reddit', Probe>;
}
