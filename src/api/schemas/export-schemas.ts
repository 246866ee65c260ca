import { z } from 'zod';
import { count, datetime } from './common-schemas';
import { cursor, id, limit } from './request-values';

const SOURCES = ['posts', 'comments', 'executions', 'configs'] as const;
const FORMATS = ['json', 'ndjson', 'csv', 'excel', 'parquet'] as const;
const STATUSES = ['available', 'expired', 'deleted'] as const;

export const exportsQuery = z.object({
  limit: limit(200, 50),
  source: z.enum(SOURCES).optional(),
  format: z.enum(FORMATS).optional(),
  config_id: id().optional(),
  status: z.enum(STATUSES).optional(),
  cursor,
});
export type ExportsQuery = z.infer<typeof exportsQuery>;

export const exportBody = z
  .object({
    id: z.int(),
    execution_id: z.int().nullable().describe('Null when the execution was deleted'),
    config_id: z.int().nullable(),
    created_by: z.int().nullable().describe('The user who asked; null for a schedule'),
    source: z.string(),
    format: z.string(),
    compression: z.string(),
    status: z.enum(STATUSES).describe('expired: to be removed by the next clean-up'),
    file_name: z.string(),
    storage: z.string(),
    bytes: count,
    rows: count,
    sha256: z.string().describe('Of the file as it is downloaded; its ETag too'),
    created_at: datetime.describe('When the export began'),
    completed_at: datetime,
    expires_at: datetime,
    deleted_at: datetime.nullable(),
    download_url: z.string().nullable().describe('Null when the file cannot be downloaded any more'),
  })
  .meta({ id: 'Export' });
export type ExportBody = z.infer<typeof exportBody>;

export const downloadHeaders = z.object({
  range: z.string().optional().describe('bytes=0-999, one range; several are answered with the whole file'),
  'if-range': z.string().optional(),
  'if-none-match': z.string().optional(),
});
/** The body is a stream, which TypeScript must not take for a string. */
const file = {
  content: { 'application/octet-stream': { schema: z.unknown().meta({ type: 'string', format: 'binary' }) } },
};
export const downloadAnswers = {
  200: { description: 'The file', ...file },
  206: { description: 'The range that was asked for', ...file },
  304: z.null().describe('It is as if-none-match says'),
};

export const deletedExport = z.object({ success: z.literal(true), id: z.int(), message: z.string() });
