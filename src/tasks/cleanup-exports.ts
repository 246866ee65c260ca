import { z } from 'zod';
import { cleanupParameters } from './cleanup/outdated-removal';
import { defineTaskType } from './task-type';
import { DAY_MS } from '../shared/durations';

export const cleanupExports = defineTaskType({
  name: 'CLEANUP_EXPORTS',
  summary: 'Removes exported files that have expired, and what broken-off exports left behind',
  adHocAccess: 'admin',
  parameters: cleanupParameters({
    days_old: z
      .int()
      .min(0)
      .max(3650)
      .nullable()
      .default(null)
      .describe(
        'Also those that were begun (created_at) longer ago than this, whenever they expire; ' +
          'null for expired ones only',
      ),
    dry_run: z.boolean().default(false).describe('Counts and removes nothing'),
  }),
  examples: {
    accepted: [{ dry_run: true }, {}, { days_old: null }, { days_old: 0, dry_run: false }],
    refused: [
      { parameters: { days_old: -1 }, at: 'days_old' },
      { parameters: { days_old: 3651 }, at: 'days_old' },
      { parameters: { dryrun: true }, at: 'dryrun' },
    ],
  },
  async run(context, { days_old: daysOld, dry_run: isDryRun }) {
    const now = Date.now();
    const done = await context.services.exports.cleanUp(
      { now: new Date(now), createdBefore: daysOld === null ? undefined : new Date(now - daysOld * DAY_MS), isDryRun },
      { signal: context.signal, onProgress: (files) => context.saveCursor({ files_deleted: files }) },
    );
    return {
      config_id: context.configId,
      deleted_files: done.files,
      deleted_bytes: done.bytes,
      deleted_abandoned: done.abandoned,
      deleted_temporaries: done.temporaries,
      days_old: daysOld,
      dry_run: isDryRun,
      timestamp: new Date().toISOString(),
    };
  },
});
