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
  cleanUp(request: { now: Date; createdBefore?: Date; isDryRun: boolean }, step: LongStep<[files: number]>): Promise<{ files: number; bytes: number; abandoned: number; temporaries: number }>;
}

/** The outside world, as far as task types may touch it. Wired in worker/main.ts. */
export interface TaskServices {
  reddit: RedditClient;
  content: ContentStore;
  exports: Exports;
  /** Really asks each server; callers at the same moment share an answer. */
  probes: Record<'postgres' | 'redis' | 'temporal' | 'reddit', Probe>;
}
