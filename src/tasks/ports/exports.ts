import type { LongStep } from './long-step';

export type ExportSource = 'posts' | 'comments' | 'executions' | 'configs';
export type ExportFormat = 'json' | 'ndjson' | 'csv' | 'excel' | 'parquet';
export type ExportStorage = 'local' | 's3';

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

/** Which rows of a source: from ≤ time < to. */
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
  areNamesEscaped: boolean;
  /** CSV: what stands for null. */
  nullText: string;
  /** Null: the configured default. */
  expiresInDays: number | null;
}

export interface ExportedFile {
  id: number;
  name: string;
  storage: ExportStorage;
  rows: number;
  bytes: number;
  sha256: string;
  expiresAt: Date;
  /** Number of texts that were cut, because the format does not hold longer ones. */
  truncatedCells: number;
}

export interface ExportCleanup {
  files: number;
  bytes: number;
  abandoned: number;
  temporaries: number;
}

/**
 * Files of rows. A file exists whole or not at all; written again for the same execution, it replaces the first one.
 */
export interface Exports {
  write(request: ExportRequest, step: LongStep<[rowsWritten: number, rowsTotal: number]>): Promise<ExportedFile>;
  /** Removes files that have expired, and those of exports that began before `createdBefore`. */
  cleanUp(
    request: { now: Date; createdBefore?: Date; isDryRun: boolean },
    step: LongStep<[files: number]>,
  ): Promise<ExportCleanup>;
}
