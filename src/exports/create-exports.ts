import pLimit from 'p-limit';
import { createCleanUp } from './export-cleanup';
import { fileNames } from './export-names';
import { DAY_MS } from '../shared/durations';
import type { WriteFile } from './file-writer';
import type { FileStore } from '../platform/files/file-store';
import type { ExportRepository } from '../storage/exports/export-repository';
import type { Exports } from '../tasks/ports/exports';

/** Each holds a process, a database connection and a transaction for as long as it takes; the others wait. */
const EXPORTS_AT_ONCE = 2;

export interface ExportDeps {
  writeFile: WriteFile;
  records: ExportRepository;
  files: FileStore;
  expiresInDays: number;
}

/** Takes exports one after the other, and keeps their rows in step with their files. */
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
      // Who is cancelled while he waits for his turn goes at once; who is at work first puts things in order.
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
