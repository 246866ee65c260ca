import type { core } from 'zod';

/** Of the parameters of a config or run, and of a schedule, as JSON: every list and every look at a run reads them. */
const MAX_JSON_BYTES = 65_536;

/** The error of a value that is too large; undefined for any other. */
export function findSizeIssue(value: unknown): core.$ZodIssue | undefined {
  const size = Buffer.byteLength(JSON.stringify(value) ?? '');
  if (size <= MAX_JSON_BYTES) return undefined;
  const message =
    `Takes ${size.toLocaleString('en')} bytes as JSON, and ${MAX_JSON_BYTES.toLocaleString('en')} are allowed: ` +
    'keep large data elsewhere, and pass its address';
  return { code: 'custom', path: [], message, input: null };
}
