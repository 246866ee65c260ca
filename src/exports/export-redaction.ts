import { mayHoldPrivateFields, withoutPrivateFields, withoutPrivateText } from '../tasks/private-fields';
import type { ExportRow } from '../storage/exports/export-source-repository';
import type { ExportColumn } from '../storage/exports/export-sources';

/**
 * Blackens the JSON columns and the failure of a row. A text in which nothing is private stays as it is, with all
 * digits of its numbers.
 */
export function withoutPrivateColumns(row: ExportRow, jsonColumns: readonly ExportColumn[]): ExportRow {
  const taskType = typeof row.task_type === 'string' ? row.task_type : null;
  const changed = jsonColumns.flatMap(({ name }) => {
    const text = row[name];
    if (typeof text !== 'string' || !mayHoldPrivateFields(taskType, text)) return [];
    const before: unknown = JSON.parse(text);
    const after = withoutPrivateFields(taskType, before);
    return after === before ? [] : [[name, JSON.stringify(after)] as const];
  });
  const failure =
    typeof row.error_message === 'string'
      ? [['error_message', withoutPrivateText(taskType, row.error_message)] as const]
      : [];
  return { ...row, ...Object.fromEntries([...changed, ...failure]) };
}
