import { decodeCursor, encodeCursor } from '../sql/page-cursor';
import { BadCursorError } from '../storage-errors';

/** What a list is ordered by, newest (or highest) first; ids decide between equals. */
export type SortKey = 'redditCreatedAt' | 'score';
export interface Position {
  key: number;
  id: string;
}

/** PostgreSQL's integer, and the years 1 to 9999: its timestamps begin later than JavaScript's. */
const LIMITS: Record<SortKey, [number, number]> = {
  score: [-2_147_483_648, 2_147_483_647],
  redditCreatedAt: [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59Z')],
};
const LETTERS: Record<SortKey, string> = { redditCreatedAt: 't', score: 's' };

export function writeCursor(sortKey: SortKey, { key, id }: Position): string {
  return encodeCursor(`${LETTERS[sortKey]}:${key}:${id}`);
}

export function readCursor(sortKey: SortKey, cursor: string): Position {
  const match = decodeCursor(/^([ts]):(-?\d{1,16}):(\w{1,50})$/, cursor);
  const key = Number(match[2]);
  const [least, most] = LIMITS[sortKey];
  if (match[1] !== LETTERS[sortKey] || key < least || key > most) throw new BadCursorError(cursor);
  return { key, id: match[3] ?? '' };
}
