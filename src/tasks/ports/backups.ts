import type { LongStep } from './long-step';

export interface BackupRequest {
  executionId: number;
  configId: number | null;
  /** When the execution began: part of the backup's name, so that a retry writes the same backup. */
  startedAt: Date;
  type: 'full' | 'incremental';
  method: 'auto' | 'copy' | 'pg_dump';
  /** How many full backups to keep, each with the incremental ones that add to it. */
  keep: number;
}

export interface WrittenBackup {
  name: string;
  type: 'full' | 'incremental';
  method: 'copy' | 'pg_dump';
  /** Why a full backup was made although an incremental one was requested. */
  whyFull: string | null;
  parent: string | null;
  rows: number;
  tables: number;
  bytes: number;
  /** Of the checksum list in the backup's folder. */
  sha256: string;
  snapshotAt: string;
  /** Names of the older backups that were removed. */
  removed: string[];
}

export interface BackupProgress {
  tables: number;
  tablesTotal: number;
  rows: number;
  bytes: number;
}

/**
 * Backups of the database. A backup exists whole or not at all, and once for an execution, however often that is
 * attempted.
 */
export interface Backups {
  write(request: BackupRequest, step: LongStep<[progress: BackupProgress]>): Promise<WrittenBackup>;
}
