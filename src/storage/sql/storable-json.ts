/**
 * PostgreSQL refuses NUL characters in text and jsonb, and unpaired surrogates in jsonb; texts of tasks may have them.
 */
export const withoutNul = (text: string) => text.replaceAll('\0', '');
export const toText = (text: string | null | undefined) => (typeof text === 'string' ? withoutNul(text) : null);

// An escaped backslash is matched too, so that the text "\\u0000" does not look like an escape.
const ESCAPES = /\\\\|\\u0000|\\ud[89a-f][0-9a-f]{2}/g;
const REPLACEMENTS: Record<string, string> = { '\\\\': '\\\\', '\\u0000': '' };

export const toJson = (value: unknown) =>
  value === null || value === undefined
    ? null
    : JSON.stringify(value).replace(ESCAPES, (escape) => REPLACEMENTS[escape] ?? '\\ufffd');
