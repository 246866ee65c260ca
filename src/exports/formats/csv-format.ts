import { stringify, type Options } from 'csv-stringify/sync';
import type { Format } from './export-format';
import type { ExportColumn } from '../../storage/exports/export-sources';
import type { ExportRow } from '../../storage/exports/export-source-repository';

/**
 * RFC 4180. An empty text is quoted and null is not, so that they can be told apart. The library quotes commas, quotes
 * and its own record delimiter by itself; a CR or LF that stands alone would end the record for most readers.
 */
const OPTIONS: Options = { record_delimiter: 'windows', quoted_match: /^$|[\r\n]/ };

/**
 * What a spreadsheet takes for the beginning of a formula, also in its full-width forms and behind blanks that it
 * passes over.
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
