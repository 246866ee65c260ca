import type { Format } from './export-format';
import type { ExportColumn } from '../../storage/exports/export-sources';
import type { ExportRow } from '../../storage/exports/export-source-repository';

/** JSON columns arrive as text and are copied into the file unchanged. */
function writeRow(columns: readonly ExportColumn[], row: ExportRow): string {
  const fields = columns.map(({ name, kind }) => {
    const value = row[name] ?? null;
    return `${JSON.stringify(name)}:${kind === 'json' && value !== null ? (value as string) : JSON.stringify(value)}`;
  });
  return `{${fields.join(',')}}`;
}

/** One array, with one row on each line. */
export const jsonFormat: Format = async function* ({ columns, pages }) {
  let before = '[\n';
  for await (const page of pages) {
    yield Buffer.from(before + page.map((row) => writeRow(columns, row)).join(',\n'));
    before = ',\n';
  }
  yield Buffer.from(before === '[\n' ? '[]\n' : '\n]\n');
};

export const ndjsonFormat: Format = async function* ({ columns, pages }) {
  for await (const page of pages) yield Buffer.from(page.map((row) => `${writeRow(columns, row)}\n`).join(''));
};
