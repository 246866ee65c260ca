import { DAY_MS } from '../../shared/durations';
import type { ExportColumn } from '../../storage/exports/export-sources';
import type { ExportRow } from '../../storage/exports/export-source-repository';

export interface CellOptions {
  columns: readonly ExportColumn[];
  onTruncated: () => void;
}

const LONGEST_TEXT = 32_767;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };
/** Excel counts days from 30 December 1899. Its day numbers are right from March 1900 on. */
const EPOCH_MS = Date.UTC(1899, 11, 30);
const FIRST_DATE_MS = Date.UTC(1900, 2, 1);

/** Shortens without splitting a surrogate pair. */
function shorten(text: string): string {
  const isHalf = /[\uD800-\uDBFF]/.test(text.charAt(LONGEST_TEXT - 1));
  return text.slice(0, isHalf ? LONGEST_TEXT - 1 : LONGEST_TEXT);
}

// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

/**
 * XML cannot hold most control characters. The workbook format writes them as `_x0007_`, and escapes text that looks
 * like such a sequence. XML can hold CR, though only as a reference, and readers that know nothing of the workbook's
 * sequences find it there.
 */
function escapeText(text: string): string {
  return text
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replace(
      CONTROL_CHARACTERS,
      (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    )
    .replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? '');
}

/** The type `inlineStr` marks the value as text, so a spreadsheet never reads it as a formula. */
const textCell = (at: string, text: string) =>
  `<c r="${at}" t="inlineStr"><is><t xml:space="preserve">${escapeText(text)}</t></is></c>`;

function cell(at: string, value: ExportRow[string], { onTruncated }: CellOptions): string {
  if (value === null) return '';
  if (typeof value === 'number') return `<c r="${at}"><v>${value}</v></c>`;
  if (typeof value === 'boolean') return `<c r="${at}" t="b"><v>${value ? 1 : 0}</v></c>`;
  if (value instanceof Date)
    return value.getTime() < FIRST_DATE_MS
      ? textCell(at, value.toISOString())
      : `<c r="${at}" s="1"><v>${(value.getTime() - EPOCH_MS) / DAY_MS}</v></c>`;
  if (value.length <= LONGEST_TEXT) return textCell(at, value);
  onTruncated();
  return textCell(at, shorten(value));
}

/** A, B … Z, AA, AB … */
function letters(index: number): string {
  return (index < 26 ? '' : letters(Math.floor(index / 26) - 1)) + String.fromCharCode(65 + (index % 26));
}

export const sheetCells = {
  header: (number: number, { columns }: CellOptions) =>
    `<row r="${number}">${columns.map(({ name }, index) => textCell(letters(index) + number, name)).join('')}</row>`,
  row: (number: number, row: ExportRow, options: CellOptions) => {
    const cells = options.columns.map(({ name }, index) => cell(letters(index) + number, row[name] ?? null, options));
    return `<row r="${number}">${cells.join('')}</row>`;
  },
};
