import parseRange from 'range-parser';
import { RangeNotSatisfiableError } from '../errors';

export interface RangeHeaders {
  range?: string;
  'if-range'?: string;
}

/**
 * The requested byte range, both ends inclusive; undefined for the whole file. That is the case without Range, with a
 * malformed Range or one of several parts, and when If-Range names another version of the file (RFC 9110, sections 13
 * and 14). Throws a RangeNotSatisfiableError when the range lies beyond the end.
 */
export function findRange(
  headers: RangeHeaders,
  file: { size: number; etag: string; modifiedAt: Date },
): { start: number; end: number } | undefined {
  if (headers.range === undefined) return undefined;
  if (!isSameVersion(headers['if-range'], file)) return undefined;
  const ranges = parseRange(file.size, headers.range);
  if (ranges === -1) throw new RangeNotSatisfiableError(file.size);
  const [first, ...others] = ranges === -2 || ranges.type !== 'bytes' ? [] : ranges;
  return first && others.length === 0 ? { start: first.start, end: first.end } : undefined;
}

/** If-Range holds an ETag or an HTTP date; HTTP dates have whole seconds. */
function isSameVersion(ifRange: string | undefined, { etag, modifiedAt }: { etag: string; modifiedAt: Date }): boolean {
  if (ifRange === undefined || ifRange === etag) return true;
  return Date.parse(ifRange) === Math.floor(modifiedAt.getTime() / 1_000) * 1_000;
}

/** Whether the client has this version already, by its If-None-Match. */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  return (
    ifNoneMatch !== undefined &&
    ifNoneMatch.split(',').some((known) => ['*', etag].includes(known.trim().replace(/^W\//, '')))
  );
}
