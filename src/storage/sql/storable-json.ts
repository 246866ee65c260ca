/** PostgreSQL refuses NUL in text and jsonb, and halves of surrogate pairs in jsonb; a task may well bring them home. */
export const toText = (text: string | null | undefined) => text?.replaceAll('\0', '') ?? null;
export const toJson = (value: unknown) =>
  value === null || value === undefined
    ? null
    : JSON.stringify(value).replace(/\\\\|\\u0000|\\ud[89a-f][0-9a-f]{2}/g, (escape) =>
        escape === '\\\\' ? escape : escape === '\\u0000' ? '' : '\\ufffd',
      );
