import parseRange from 'range-parser';
import { RangeNotSatisfiableError } from '../errors';

export interface RangeHeaders {
  range?: string;
  'if-range'?: string;
}

/**
 * Which part of a file was asked for; undefined for the whole of it: without Range, with one that is malformed or of several
 * parts, and when If-Range names another file than this one (RFC 9110, sections 13 and 14).
 */
export function findRange(
  headers: RangeHeaders,
  file: { size: number; etag: string; modifiedAt: Date },
): { start: number; end: number } | undefined {
  if (headers.range === undefined) return undefined;
  const condition = headers['if-range'];
  if (
    condition !== undefined &&
    condition !== file.etag &&
    Date.parse(condition) !== Math.floor(file.modifiedAt.getTime() / 1_000) * 1_000
  )
    return undefined;
  const ranges = parseRange(file.size, headers.range);
  if (ranges === -1) throw new RangeNotSatisfiableError(file.size);
  const [only, ...others] = ranges === -2 || ranges.type !== 'bytes' ? [] : ranges;
  return only && others.length === 0 ? { start: only.start, end: only.end } : undefined;
}

export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return (
    ifNoneMatch !== undefined &&
    ifNoneMatch.split(',').some((known) => ['*', etag].includes(known.trim().replace(/^W\//, '')))
  );
}
