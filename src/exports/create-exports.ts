import pLimit from 'p-limit';
import { createCleanUp } from './export-cleanup';
import { fileNames } from './export-names';
import { DAY_MS } from '../shared/durations';
import type { ExportDeps } from './export-deps';
import type { Exports } from '../tasks/ports/exports';

/** A running export holds a process, a database connection and a transaction until it ends. Further exports wait. */
const EXPORTS_AT_ONCE = 2;

/** Runs at most EXPORTS_AT_ONCE exports at the same time, and keeps the rows of `exports` in step with the files. */
export function createExports(deps: ExportDeps): Exports {
  const { writeFile, records, files } = deps;
  const limit = pLimit(EXPORTS_AT_ONCE);

  const write: Exports['write'] = async (request, step) => {
    const { executionId, source, format, compression } = request;
    const expiry = () => new Date(Date.now() + (request.expiresInDays ?? deps.expiresInDays) * DAY_MS);
    const { id, fileName } = await records.begin({
      executionId,
      source,
      format,
      compression,
      storage: files.storage,
      fileNames: fileNames(request),
      expiresAt: expiry(),
    });
    const file = await writeFile(request, fileName, step);
    const expiresAt = expiry();
    await records.complete(id, { bytes: file.bytes, rowCount: file.rows, sha256: file.sha256, expiresAt });
    return { id, name: fileName, storage: files.storage, ...file, expiresAt };
  };

  return {
    write: (request, step) => {
      let hasBegun = false;
      const turn = limit(async () => {
        hasBegun = true;
        step.signal.throwIfAborted();
        return write(request, step);
      });
      // An export that is cancelled while it waits rejects at once. One that has begun cleans up first.
      return Promise.race([
        turn,
        whenAborted(step.signal).catch((reason: unknown) => (hasBegun ? turn : Promise.reject(reason as Error))),
      ]);
    },
    cleanUp: createCleanUp(deps),
  };
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
