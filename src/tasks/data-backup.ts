import { z } from 'zod';
import { percentOfCounts } from './cursor-percent';
import { defineTaskType } from './task-type';

const BYTES_PER_MB = 1_048_576;

/**
 * A retry begins anew: what was written by then is of a moment that has passed. The cursor only tells how far it is.
 */
export const dataBackup = defineTaskType({
  name: 'DATA_BACKUP',
  summary: 'Backs the database up into a folder, whole or what has changed since the last backup',
  adHocAccess: 'admin',
  parameters: z.strictObject({
    backup_type: z
      .enum(['full', 'incremental'])
      .default('full')
      .describe('incremental: only rows changed since the last backup; a full one when there is nothing to add to'),
    keep: z
      .int()
      .min(1)
      .max(1_000)
      .default(7)
      .describe(
        'How many full backups to keep, with the incremental ones that add to them; ' +
          'older ones go once a new full one is complete',
      ),
    method: z
      .enum(['auto', 'copy', 'pg_dump'])
      .default('auto')
      .describe(
        'How a full backup is written; auto: by pg_dump where one is there that is not older than the server, ' +
          'otherwise by COPY',
      ),
  }),
  examples: {
    accepted: [{ backup_type: 'full', keep: 4 }, {}, { backup_type: 'incremental', keep: 1, method: 'pg_dump' }],
    refused: [
      { parameters: { backup_type: 'partial' }, at: 'backup_type' },
      { parameters: { keep: 0 }, at: 'keep' },
      { parameters: { method: 'tar' }, at: 'method' },
      { parameters: { folder: '/' }, at: 'folder' },
    ],
  },
  percentAt: percentOfCounts('tables_written', 'tables_total'),
  async run(context, { backup_type: type, keep, method }) {
    const startedAt = Date.now();
    const backup = await context.services.backups.write(
      {
        executionId: context.executionId,
        configId: context.configId,
        startedAt: context.startedAt,
        type,
        keep,
        method,
      },
      {
        signal: context.signal,
        onProgress: ({ tables, tablesTotal, rows, bytes }) =>
          context.saveCursor({
            tables_written: tables,
            tables_total: tablesTotal,
            rows_written: rows,
            bytes_written: bytes,
          }),
      },
    );
    if (backup.whyFull)
      context.log.warn(
        { executionId: context.executionId, reason: backup.whyFull },
        'a full backup was made in place of an incremental one',
      );
    return {
      config_id: context.configId,
      backup_type: backup.type,
      requested_type: type,
      full_because: backup.whyFull,
      method: backup.method,
      parent: backup.parent,
      backup_path: `backups/${backup.name}`,
      backup_size_mb: Math.round((backup.bytes / BYTES_PER_MB) * 1_000) / 1_000,
      backup_size_bytes: backup.bytes,
      rows: backup.rows,
      tables: backup.tables,
      sha256: backup.sha256,
      snapshot_at: backup.snapshotAt,
      deleted_backups: backup.removed,
      duration_seconds: (Date.now() - startedAt) / 1_000,
      timestamp: new Date().toISOString(),
    };
  },
});
