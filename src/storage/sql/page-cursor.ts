import { BadCursorError } from '../storage-errors';

export const encodeCursor = (text: string): string => Buffer.from(text).toString('base64url');

/** What the pattern finds in a cursor; refused is what it does not match. */
export function decodeCursor(pattern: RegExp, cursor: string): RegExpExecArray {
  const match = pattern.exec(Buffer.from(cursor, 'base64url').toString());
  if (!match) throw new BadCursorError(cursor);
  return match;
}

/** Of rows that were asked for one more than the limit: a page, and where the next one begins. */
export function pageOf<Row>(
  rows: Row[],
  limit: number,
  cursorAfter: (last: Row) => string,
): { items: Row[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : cursorAfter(last) };
}
