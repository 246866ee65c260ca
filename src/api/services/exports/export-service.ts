import { GoneError, NotFoundError } from '../../errors';
import type { Readable } from 'node:stream';
import type { FileStore } from '../../../platform/files/file-store';
import type { ExportRecord, ExportRepository } from '../../../storage/exports/export-repository';
import type { ExportBody, ExportsQuery } from '../../schemas/export-schemas';
import type { ListPage } from '../common/list-page';

function presentExport(record: ExportRecord): ExportBody {
  return {
    id: record.id,
    execution_id: record.executionId,
    config_id: record.configId,
    created_by: record.createdBy,
    source: record.source,
    format: record.format,
    compression: record.compression,
    status: record.status,
    file_name: record.fileName,
    storage: record.storage,
    bytes: record.bytes,
    rows: record.rowCount,
    sha256: record.sha256,
    created_at: record.createdAt.toISOString(),
    completed_at: record.completedAt.toISOString(),
    expires_at: record.expiresAt.toISOString(),
    deleted_at: record.deletedAt?.toISOString() ?? null,
    download_url: record.status === 'available' ? `/api/v1/exports/${record.id}/download` : null,
  };
}

/** An export's file that can be downloaded. */
export interface Download {
  fileName: string;
  bytes: number;
  sha256: string;
  completedAt: Date;
  /** `start` and `end` are byte positions, both inclusive. Throws FileMissingError. */
  open(range?: { start: number; end: number }): Promise<Readable>;
}

export type ExportService = ReturnType<typeof createExportService>;

export function createExportService({ records, files }: { records: ExportRepository; files: FileStore }) {
  async function find(id: number): Promise<ExportRecord> {
    const record = await records.get(id);
    if (!record) throw new NotFoundError('Export not found');
    return record;
  }

  return {
    async list({ config_id: configId, ...query }: ExportsQuery): Promise<ListPage<ExportBody>> {
      const { items, nextCursor } = await records.list({ ...query, configId });
      return { items: items.map(presentExport), nextCursor };
    },

    get: async (id: number): Promise<ExportBody> => presentExport(await find(id)),

    async download(id: number): Promise<Download> {
      const record = await find(id);
      if (record.status !== 'available')
        throw new GoneError(`The file ${record.status === 'deleted' ? 'was deleted' : 'has expired'}`);
      if (record.storage !== files.storage)
        throw new GoneError(`The file lies in a store that is not configured any more (${record.storage})`);
      const { fileName, bytes, sha256, completedAt } = record;
      return { fileName, bytes, sha256, completedAt, open: (range) => files.read(fileName, range) };
    },

    /** Removes the file before the row is marked: a removal that fails in between can be repeated. */
    async remove(id: number): Promise<void> {
      const record = await find(id);
      if (record.storage === files.storage) await files.remove(record.fileName);
      await records.markDeleted([id]);
    },
  };
}
