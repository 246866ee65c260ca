import type { core } from 'zod';

/** Validation, storage and serialization recurse into values: a deeper value would overflow the stack. */
const MAX_DEPTH = 100;

type Issue = core.$ZodIssueCustom;
interface Node {
  value: unknown;
  depth: number;
  key?: string | number;
  parent?: Node;
}

/** PostgreSQL stores neither NUL nor half of a surrogate pair, in text or in jsonb. */
const isUnstorable = (text: string) => text.includes('\0') || /\p{Surrogate}/u.test(text);

const pathOf = ({ key, parent }: Node): (string | number)[] =>
  key === undefined || parent === undefined ? [] : [...pathOf(parent), key];
const issueAt = (path: (string | number)[], message: string): Issue => ({ code: 'custom', path, message, input: null });

/**
 * Finds texts and property names that PostgreSQL cannot store. `tooDeep` is set when the value is nested too deeply: it
 * must not be processed any further.
 */
export function findUnstorableTexts(data: unknown): { issues: Issue[]; tooDeep?: Issue } {
  const issues: Issue[] = [];
  const nodes: Node[] = [{ value: data, depth: 0 }];
  for (const node of nodes) {
    const { value, depth } = node;
    if (typeof value === 'string' && isUnstorable(value))
      issues.push(issueAt(pathOf(node), 'A text must contain neither the NUL character nor half of a surrogate pair'));
    if (typeof value !== 'object' || value === null) continue;
    if (depth === MAX_DEPTH)
      return {
        issues,
        tooDeep: issueAt(pathOf(node).slice(0, 1), `Input should not be nested deeper than ${MAX_DEPTH} levels`),
      };
    const isList = Array.isArray(value);
    for (const [name, inner] of Object.entries(value)) {
      const child = { value: inner as unknown, depth: depth + 1, key: isList ? Number(name) : name, parent: node };
      if (isUnstorable(name))
        issues.push(
          issueAt(pathOf(child), 'A name must contain neither the NUL character nor half of a surrogate pair'),
        );
      nodes.push(child);
    }
  }
  return { issues };
}
