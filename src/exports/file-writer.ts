import { createHash } from 'node:crypto';
import { Readable, pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { csvFormat } from './formats/csv-format';
import { createExcelFormat } from './formats/excel-format';
import { jsonFormat, ndjsonFormat } from './formats/json-format';
import { parquetFormat } from './formats/parquet-format';
import { withoutPrivateColumns } from './export-redaction';
import type { Format } from './formats/export-format';
import type { FileStore } from '../platform/files/file-store';
import type { ExportRow, ExportSourceRepository, Snapshot } from '../storage/exports/export-source-repository';
import type { ExportedFile, ExportFormat, ExportRequest } from '../tasks/ports/exports';
import type { LongStep } from '../tasks/ports/long-step';

const FORMATS: Record<ExportFormat, Format> = {
  json: jsonFormat,
  ndjson: ndjsonFormat,
  csv: csvFormat,
  excel: createExcelFormat(),
  parquet: parquetFormat,
};

export type WrittenFile = Pick<ExportedFile, 'rows' | 'bytes' | 'truncatedCells' | 'sha256'>;

/** Writes the rows of a request into a file of that name. A failed write leaves no file. */
export type WriteFile = (
  request: ExportRequest,
  fileName: string,
  step: LongStep<[rowsWritten: number, rowsTotal: number]>,
) => Promise<WrittenFile>;

/** Streams rows page by page from PostgreSQL through format, compression and checksum into the file store. */
export function createFileWriter({
  sources,
  files,
}: {
  sources: ExportSourceRepository;
  files: Pick<FileStore, 'write'>;
}): WriteFile {
  return async (request, fileName, { signal, onProgress }) => {
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
      const content = FORMATS[request.format]({
        columns: snapshot.columns,
        pages: rowsOf(snapshot),
        areFormulasEscaped: request.areFormulasEscaped,
        areNamesEscaped: request.areNamesEscaped,
        nullText: request.nullText,
        onTruncated: () => (counts.truncatedCells += 1),
      });
      await files.write(fileName, measured(request.compression === 'gzip' ? gzipped(content) : content), signal);
    });
    return { ...counts, sha256: hash.digest('hex') };
  };
}

function gzipped(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // An error of either stream reaches the reader of the last one, so the callback has nothing to do.
  return pipeline(Readable.from(content, { objectMode: false }), createGzip(), () => undefined);
}
