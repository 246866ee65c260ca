import type { core } from 'zod';

/** Checks, stores and answers walk values by recursion, which deeper ones would overflow. */
const MAX_DEPTH = 100;

type Issue = core.$ZodIssueCustom;
interface Place {
  value: unknown;
  depth: number;
  key?: string | number;
  parent?: Place;
}

/** PostgreSQL keeps neither NUL nor half of a surrogate pair, in text or in jsonb. */
const isUnstorable = (text: string) => text.includes('\0') || /\p{Surrogate}/u.test(text);

const pathOf = ({ key, parent }: Place): (string | number)[] =>
  key === undefined || parent === undefined ? [] : [...pathOf(parent), key];
const issueAt = (path: (string | number)[], message: string): Issue => ({ code: 'custom', path, message, input: null });

/** `tooDeep` is set for a value that must not be looked at further; it tells where that begins. */
export function findUnstorableTexts(data: unknown): { issues: Issue[]; tooDeep?: Issue } {
  const issues: Issue[] = [];
  const places: Place[] = [{ value: data, depth: 0 }];
  for (const place of places) {
    const { value, depth } = place;
    if (typeof value === 'string' && isUnstorable(value))
      issues.push(issueAt(pathOf(place), 'A text must contain neither the NUL character nor half of a surrogate pair'));
    if (typeof value !== 'object' || value === null) continue;
    if (depth === MAX_DEPTH)
      return {
        issues,
        tooDeep: issueAt(pathOf(place).slice(0, 1), `Input should not be nested deeper than ${MAX_DEPTH} levels`),
      };
    const isList = Array.isArray(value);
    for (const [name, inner] of Object.entries(value)) {
      const child = { value: inner as unknown, depth: depth + 1, key: isList ? Number(name) : name, parent: place };
      if (isUnstorable(name))
        issues.push(
          issueAt(pathOf(child), 'A name must contain neither the NUL character nor half of a surrogate pair'),
        );
      places.push(child);
    }
  }
  return { issues };
}
