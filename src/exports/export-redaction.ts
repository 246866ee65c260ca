import { mayHoldPrivateFields, withoutPrivateFields, withoutPrivateText } from '../tasks/private-fields';
import type { ExportRow } from '../storage/exports/export-source-repository';
import type { ExportColumn } from '../storage/exports/export-sources';

/**
 * Redacts private fields in the JSON columns and the error message of a row. JSON text without private fields is not
 * parsed and written again, because that could change large numbers.
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
