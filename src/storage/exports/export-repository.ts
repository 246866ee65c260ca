import { decodeCursor, encodeCursor, pageOf } from '../sql/page-cursor';
import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';

export const EXPORT_STATUSES = ['available', 'expired', 'deleted'] as const;
export type ExportStatus = (typeof EXPORT_STATUSES)[number];

/** A finished export. */
export interface ExportRecord {
  id: number;
  executionId: number | null;
  configId: number | null;
  createdBy: number | null;
  source: string;
  format: string;
  compression: string;
  storage: 'local' | 's3';
  fileName: string;
  bytes: number;
  rowCount: number;
  sha256: string;
  createdAt: Date;
  completedAt: Date;
  expiresAt: Date;
  deletedAt: Date | null;
  status: ExportStatus;
}

export interface NewExport {
  executionId: number;
  source: string;
  format: string;
  compression: string;
  storage: 'local' | 's3';
  /** The second name is used when another export has the first. */
  fileNames: [string, string];
  expiresAt: Date;
}

export interface ExportFilter {
  source?: string;
  format?: string;
  configId?: number;
  status?: ExportStatus;
  limit: number;
  cursor?: string;
}

export interface StoredFile {
  id: number;
  fileName: string;
  bytes: number;
  isComplete: boolean;
}

const STATUS = `
  case when deleted_at is not null then 'deleted' when expires_at <= now() then 'expired' else 'available' end`;
const BEGIN = `
  insert into exports (
    execution_id, config_id, created_by, source, format, compression, storage, file_name, expires_at
  )
  select id, config_id, requested_by, :source, :format, :compression, :storage, :name, :expiresAt
  from task_executions where id = :executionId
  on conflict do nothing returning id, file_name as "fileName"`;
const LIST_REMOVABLE = `
  select x.id, x.file_name as "fileName", coalesce(x.bytes, 0) as bytes, x.completed_at is not null as "isComplete"
  from exports x left join task_executions e on e.id = x.execution_id
  where x.id > :afterId and x.deleted_at is null and x.storage = :storage
    and case when x.completed_at is null then e.status is distinct from 'running'
      else x.expires_at <= :now or x.created_at < :createdBefore end
  order by x.id limit :limit`;
const COLUMNS = {
  id: 'id',
  executionId: 'execution_id',
  configId: 'config_id',
  createdBy: 'created_by',
  source: 'source',
  format: 'format',
  compression: 'compression',
  storage: 'storage',
  fileName: 'file_name',
  bytes: 'bytes',
  rowCount: 'row_count',
  sha256: 'sha256',
  createdAt: 'created_at',
  completedAt: 'completed_at',
  expiresAt: 'expires_at',
  deletedAt: 'deleted_at',
};

const CURSOR = /^x:(\d{1,9})$/;

export type ExportRepository = ReturnType<typeof createExportRepository>;

export function createExportRepository(database: Database) {
  const finished = () =>
    database('exports')
      .whereNotNull('completed_at')
      .select<ExportRecord[]>(COLUMNS, database.raw(`${STATUS} as status`));

  return {
    /**
     * Reserves the name under which the file will be written. A later attempt at the same execution gets the same one.
     */
    async begin(given: NewExport): Promise<{ id: number; fileName: string }> {
      const { executionId, source, format, compression, storage, expiresAt } = given;
      for (const name of given.fileNames) {
        const bindings = { executionId, source, format, compression, storage, name, expiresAt };
        const [row] = await rows<{ id: number; fileName: string }>(database, BEGIN, bindings);
        if (row) return row;
        // The previous attempt may have completed the file before it died. The row is hidden until it is complete
        // again.
        const [mine] = await database('exports')
          .where({ execution_id: executionId })
          .update({ completed_at: null, deleted_at: null })
          .returning<{ id: number; file_name: string }[]>(['id', 'file_name']);
        if (mine) return { id: mine.id, fileName: mine.file_name };
      }
      throw new Error(`No name is free for the export of execution ${executionId}`);
    },

    async complete(
      id: number,
      file: { bytes: number; rowCount: number; sha256: string; expiresAt: Date },
    ): Promise<void> {
      await database('exports').where({ id }).update({
        bytes: file.bytes,
        row_count: file.rowCount,
        sha256: file.sha256,
        expires_at: file.expiresAt,
        completed_at: database.fn.now(),
        deleted_at: null,
      });
    },

    async get(id: number): Promise<ExportRecord | undefined> {
      return finished().where({ id }).first();
    },

    /** Newest first. */
    async list(filter: ExportFilter): Promise<{ items: ExportRecord[]; nextCursor: string | null }> {
      const query = finished();
      for (const [column, value] of Object.entries({
        source: filter.source,
        format: filter.format,
        config_id: filter.configId,
      }))
        if (value !== undefined) void query.where(column, value);
      if (filter.status === 'deleted') void query.whereNotNull('deleted_at');
      else if (filter.status)
        void query
          .whereNull('deleted_at')
          .where('expires_at', filter.status === 'expired' ? '<=' : '>', database.fn.now());
      if (filter.cursor !== undefined) void query.where('id', '<', Number(decodeCursor(CURSOR, filter.cursor)[1]));
      const found = await query.orderBy('id', 'desc').limit(filter.limit + 1);
      return pageOf(found, filter.limit, (last) => encodeCursor(`x:${last.id}`));
    },

    /**
     * Files that may be removed, by ascending id: those of exports that have expired or began before `createdBefore`,
     * and of those that never completed although their execution has ended.
     */
    async listRemovable(query: {
      now: Date;
      createdBefore?: Date;
      storage: 'local' | 's3';
      afterId: number;
      limit: number;
    }): Promise<StoredFile[]> {
      return rows<StoredFile>(database, LIST_REMOVABLE, {
        ...query,
        createdBefore: query.createdBefore ?? new Date(0),
      });
    },

    async markDeleted(ids: number[]): Promise<void> {
      await database('exports').whereIn('id', ids).whereNull('deleted_at').update({ deleted_at: database.fn.now() });
    },
  };
}
