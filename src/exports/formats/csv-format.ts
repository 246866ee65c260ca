import { stringify, type Options } from 'csv-stringify/sync';
import { escapeFormulas, escapeJsonFormulas, type FormulaOptions } from './csv-formulas';
import type { Format, FormatInput } from './export-format';
import type { ExportColumn } from '../../storage/exports/export-sources';
import type { ExportRow } from '../../storage/exports/export-source-repository';

/** Stands for null where it has a text of its own, which is never quoted. */
const NULL = {};

/**
 * RFC 4180. Empty text is quoted and null is not, so that readers can distinguish them; so is a text that equals the
 * one of null. The library quotes values with commas, quotes or its record delimiter. Values with a lone CR or LF are
 * quoted too, because most readers would take it for the end of the record.
 */
const optionsFor = (nullText: string): Options => ({
  record_delimiter: 'windows',
  quoted_match: nullText === '' ? [/^$|[\r\n]/] : [/^$|[\r\n]/, nullText],
  cast: { object: () => ({ value: nullText, quoted_match: null }) },
});

function valueOf(
  { kind }: ExportColumn,
  value: ExportRow[string],
  options: FormulaOptions & { nullText: string },
): string | number | typeof NULL | null {
  if (value === null) return options.nullText === '' ? null : NULL;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || !options.areFormulasEscaped) return value;
  if (kind === 'text') return escapeFormulas(value, options);
  return kind === 'json' ? escapeJsonFormulas(value) : value;
}

export const csvFormat: Format = async function* ({ columns, pages, ...input }: FormatInput) {
  const options = optionsFor(input.nullText);
  yield Buffer.from(stringify([columns.map(({ name }) => name)], options));
  for await (const page of pages) {
    const rows = page.map((row) => columns.map((column) => valueOf(column, row[column.name] ?? null, input)));
    yield Buffer.from(stringify(rows, options));
  }
};
