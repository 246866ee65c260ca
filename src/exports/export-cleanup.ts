import { HOUR_MS } from '../shared/durations';
import type { ExportDeps } from './export-deps';
import type { Exports } from '../tasks/ports/exports';

const BATCH = 100;
/** A running export writes to its temporary file with every page. An older file was left by a process that died. */
const ABANDONED_AFTER_MS = HOUR_MS;

/** Removes the file first and then marks its row as deleted, so that the next run retries a file that stayed. */
export function createCleanUp({ records, files }: Pick<ExportDeps, 'records' | 'files'>): Exports['cleanUp'] {
  return async ({ now, createdBefore, isDryRun }, { signal, onProgress }) => {
    const counts = { files: 0, bytes: 0, abandoned: 0, temporaries: 0 };
    for (let afterId = 0; ;) {
      signal.throwIfAborted();
      const batch = await records.listRemovable({ now, createdBefore, storage: files.storage, afterId, limit: BATCH });
      for (const { fileName, isComplete, bytes } of batch) {
        signal.throwIfAborted();
        if (!isDryRun) await files.remove(fileName);
        if (isComplete) counts.files += 1;
        else counts.abandoned += 1;
        counts.bytes += bytes;
      }
      if (!isDryRun && batch.length > 0) await records.markDeleted(batch.map(({ id }) => id));
      onProgress(counts.files);
      const last = batch.at(-1);
      if (!last || batch.length < BATCH) break;
      afterId = last.id;
    }
    counts.temporaries = await files.sweep(new Date(now.getTime() - ABANDONED_AFTER_MS), isDryRun);
    return counts;
  };
}
