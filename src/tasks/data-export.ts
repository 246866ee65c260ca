import { percentOfCounts } from './cursor-percent';
import { exportExamples } from './data-export/export-examples';
import { exportParameters, readMoment } from './data-export/export-parameters';
import { defineTaskType } from './task-type';

const withoutPrefix = (name: string) => name.replace(/^\/?r\//i, '').toLowerCase();
const dateOf = (text: string | undefined) => (text === undefined ? undefined : new Date(readMoment(text)));

/**
 * A retry begins anew: what was written by then belongs to a snapshot that is gone. The cursor only tells how far it
 * is.
 */
export const dataExport = defineTaskType({
  name: 'DATA_EXPORT',
  summary: 'Writes posts, comments, executions or configs into a file to download',
  adHocAccess: 'admin',
  parameters: exportParameters,
  examples: exportExamples,
  percentAt: percentOfCounts('rows_written', 'rows_total'),
  async run(context, parameters) {
    const { source, export_format: format, compression, date_range: range, filters } = parameters;
    const file = await context.services.exports.write(
      {
        executionId: context.executionId,
        configId: context.configId,
        startedAt: context.startedAt,
        source,
        format,
        compression,
        from: dateOf(range?.from),
        to: dateOf(range?.to),
        filters: { ...filters, subreddits: filters.subreddits?.map(withoutPrefix) },
        areFormulasEscaped: parameters.escape_formulas,
        areNamesEscaped: parameters.escape_names,
        nullText: parameters.null_text,
        expiresInDays: parameters.expires_in_days,
      },
      {
        signal: context.signal,
        onProgress: (rowsWritten, rowsTotal) =>
          context.saveCursor({ rows_written: rowsWritten, rows_total: rowsTotal }),
      },
    );
    if (file.truncatedCells > 0)
      context.log.warn(
        { executionId: context.executionId, cells: file.truncatedCells },
        'texts were cut: a cell of Excel holds 32,767 characters',
      );
    return {
      config_id: context.configId,
      export_id: file.id,
      source,
      export_format: format,
      compression,
      date_range: range,
      exported_records: file.rows,
      truncated_cells: file.truncatedCells,
      file_path: `exports/${file.name}`,
      storage: file.storage,
      file_size_bytes: file.bytes,
      sha256: file.sha256,
      expires_at: file.expiresAt.toISOString(),
      timestamp: new Date().toISOString(),
    };
  },
});
