import type { ExportRow } from '../storage/export-source-repository';
import type { ExportColumn } from '../storage/export-sources';

/** What a config or a run was given is exported, but not what one signs in with, nor what somebody wrote to somebody. */
const SECRET = /password|passwd|secret|token|api_?key|authorization|credential|private_?key/i;
const LETTER = /^(to|cc|bcc|reply_to|to_email|from_email|subject|content|text|html|body|attachments)$/i;
const LETTERS_OF = new Set(['SEND_EMAIL']);
const REDACTED = '[redacted]';

function redact(value: unknown, isPrivate: (name: string) => boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => redact(item, isPrivate));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isPrivate(name) && inner !== null ? REDACTED : redact(inner, isPrivate)]));
}

/** Blackens the JSON columns of a row. A text in which no name is private stays as it is, with all digits of its numbers. */
export function withoutPrivateFields(row: ExportRow, jsonColumns: readonly ExportColumn[]): ExportRow {
  const isLetter = LETTERS_OF.has(String(row.task_type));
  const isPrivate = (name: string) => SECRET.test(name) || (isLetter && LETTER.test(name));
  const changed = jsonColumns.flatMap(({ name }) => {
    const text = row[name];
    if (typeof text !== 'string' || (!isLetter && !SECRET.test(text))) return [];
    const before: unknown = JSON.parse(text);
    const after = redact(before, isPrivate);
    return JSON.stringify(after) === JSON.stringify(before) ? [] : [[name, JSON.stringify(after)] as const];
  });
  return changed.length === 0 ? row : { ...row, ...Object.fromEntries(changed) };
}
