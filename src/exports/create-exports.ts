import pLimit from 'p-limit';
import { createCleanUp } from './clean-up';
import { fileNames } from './export-names';
<<<<<<< HEAD
import { jsonFormat, ndjsonFormat } from './json-format';
import { parquetFormat } from './parquet-format';
import { withoutPrivateColumns } from './private-fields';
import type { Format } from './export-format';
=======
import type { WriteFile } from './file-writer';
>>>>>>> 0c1056f0b464cf526c7c5e0498b929742efe7b82
import type { FileStore } from '../platform/files/file-store';
import type { ExportRepository } from '../storage/export-repository';
import type { Exports } from '../tasks/task-services';

/** Each holds a process, a database connection and a transaction for as long as it takes; the others wait. */
const EXPORTS_AT_ONCE = 2;
const DAY_MS = 24 * 60 * 60 * 1_000;

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
    const { id, fileName } = await records.begin({ executionId, source, format, compression, storage: files.storage, fileNames: fileNames(request), expiresAt: expiry() });
<<<<<<< HEAD
    const counts = { rows: 0, bytes: 0, truncatedCells: 0 };
    const hash = createHash('sha256');

    async function* rowsOf({ pages, columns, total }: Snapshot): AsyncGenerator<ExportRow[]> {
      const jsonColumns = columns.filter(({ kind }) => kind === 'json');
      onProgress(0, total);
      for await (const page of pages) {
        yield jsonColumns.length === 0 ? page : page.map((row) => withoutPrivateColumns(row, jsonColumns));
        counts.rows += page.length;
        onProgress(counts.rows, total);
      }
    }
    async function* measured(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        hash.update(chunk);
        counts.bytes += chunk.length;
        yield chunk;
      }
    }
    await sources.withSnapshot(request, signal, async (snapshot) => {
      const content = FORMATS[format]({ columns: snapshot.columns, pages: rowsOf(snapshot), areFormulasEscaped: request.areFormulasEscaped, onTruncated: () => (counts.truncatedCells += 1) });
      await files.write(fileName, measured(compression === 'gzip' ? gzipped(content) : content), signal);
    });
=======
    const file = await writeFile(request, fileName, step);
>>>>>>> 0c1056f0b464cf526c7c5e0498b929742efe7b82
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
      return Promise.race([turn, whenAborted(step.signal).catch((reason: unknown) => (hasBegun ? turn : Promise.reject(reason as Error)))]);
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
