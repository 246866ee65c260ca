import { stringify, type Options } from 'csv-stringify/sync';
import type { Format } from './export-format';
import type { ExportColumn } from '../../storage/exports/export-sources';
import type { ExportRow } from '../../storage/exports/export-source-repository';

/**
 * RFC 4180. Empty text is quoted and null is not, so that readers can distinguish them. The library quotes values with
 * commas, quotes or its record delimiter. Values with a lone CR or LF are quoted too, because most readers would take
 * it for the end of the record.
 */
const OPTIONS: Options = { record_delimiter: 'windows', quoted_match: /^$|[\r\n]/ };

/**
 * Characters that make a spreadsheet read a value as a formula: the operators, their full-width forms, and the blanks
 * that it skips before them.
 */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

function valueOf(
  { kind }: ExportColumn,
  value: ExportRow[string],
  areFormulasEscaped: boolean,
): string | number | null {
  if (value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'boolean') return String(value);
  return areFormulasEscaped && kind === 'text' && FORMULA.test(value as string) ? `'${value}` : value;
}

export const csvFormat: Format = async function* ({ columns, pages, areFormulasEscaped }) {
  yield Buffer.from(stringify([columns.map(({ name }) => name)], OPTIONS));
  for await (const page of pages) {
    const rows = page.map((row) =>
      columns.map((column) => valueOf(column, row[column.name] ?? null, areFormulasEscaped)),
    );
    yield Buffer.from(stringify(rows, OPTIONS));
  }
};
