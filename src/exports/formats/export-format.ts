import type { ExportColumn } from '../../storage/exports/export-sources';
import type { ExportRow } from '../../storage/exports/export-source-repository';

export interface FormatInput {
  columns: readonly ExportColumn[];
  pages: AsyncIterable<ExportRow[]>;
  areFormulasEscaped: boolean;
  /** The format cannot hold such a long text, and cut it. */
  onTruncated: () => void;
}

/** Rows into the bytes of a file, a page at a time: the reader's pace is the writer's. */
export type Format = (input: FormatInput) => AsyncIterable<Uint8Array>;
