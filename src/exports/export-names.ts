import type { ExportFormat, ExportRequest } from '../tasks/ports/exports';

const EXTENSIONS: Record<ExportFormat, string> = {
  json: 'json',
  ndjson: 'ndjson',
  csv: 'csv',
  excel: 'xlsx',
  parquet: 'parquet',
};

/**
 * The file name `data_<config>_<YYYYMMDD_HHMMSS>.<ext>`, and a second one with the execution's id. The second is used
 * when another run of the same second has the first.
 */
export function fileNames({
  configId,
  executionId,
  startedAt,
  format,
  compression,
}: Pick<ExportRequest, 'configId' | 'executionId' | 'startedAt' | 'format' | 'compression'>): [string, string] {
  const [date = '', time = ''] = startedAt.toISOString().slice(0, 19).replace(/[-:]/g, '').split('T');
  const stem = `data_${configId ?? 'adhoc'}_${date}_${time}`;
  const extension = EXTENSIONS[format] + (compression === 'gzip' ? '.gz' : '');
  return [`${stem}.${extension}`, `${stem}_${executionId}.${extension}`];
}
