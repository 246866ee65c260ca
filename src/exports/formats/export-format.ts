import type { FormulaOptions } from './csv-formulas';
import type { ExportColumn } from '../../storage/exports/export-sources';
import type { ExportRow } from '../../storage/exports/export-source-repository';

export interface FormatInput extends FormulaOptions {
  columns: readonly ExportColumn[];
  pages: AsyncIterable<ExportRow[]>;
  /** CSV: what stands for null. */
  nullText: string;
  /** Called for each text that was shortened because the format limits the length of a cell. */
  onTruncated: () => void;
}

/** Turns rows into the bytes of a file. A page is written only when the reader asks for more. */
export type Format = (input: FormatInput) => AsyncIterable<Uint8Array>;
