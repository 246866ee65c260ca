import type { ExportDeps } from './create-exports';
import type { Exports } from '../tasks/ports/exports';

const BATCH = 100;
/** A write that goes on says so with every page. */
const BROKEN_OFF_AFTER_MS = 60 * 60 * 1_000;

/** The file goes first and is then noted as gone, so that one that could not be removed is met again. */
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
    counts.temporaries = await files.sweep(new Date(now.getTime() - BROKEN_OFF_AFTER_MS), isDryRun);
    return counts;
  };
}
