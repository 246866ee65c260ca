import { columnsOf, selectRows, type ExportColumn, type SourceSelection } from './export-sources';
import type { Database } from '../platform/postgres';

export type ExportRow = Record<string, string | number | boolean | Date | null>;

export interface Snapshot {
  columns: readonly ExportColumn[];
  total: number;
  /** All rows, by the page; to be read once. */
  pages: AsyncIterable<ExportRow[]>;
}

/** A page of posts may hold forty thousand characters each. */
const PAGE_ROWS = 500;

export type ExportSourceRepository = ReturnType<typeof createExportSourceRepository>;

export function createExportSourceRepository(database: Database) {
  return {
    /**
     * Hands over what is there at this moment, whatever is written meanwhile: one repeatable-read transaction, and a cursor
     * of PostgreSQL's in it, so that neither side holds more than a page. An abort also cancels the statement that runs.
     */
    async withSnapshot<Result>(selection: SourceSelection, signal: AbortSignal, use: (snapshot: Snapshot) => Promise<Result>): Promise<Result> {
      signal.throwIfAborted();
      return database.transaction(
        async (trx) => {
          const { rows: [backend] } = await trx.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
          let cancelling: Promise<unknown> | undefined;
          const cancel = () => {
            cancelling = database.raw('select pg_cancel_backend(?)', [backend?.pid ?? 0]).catch(() => undefined);
          };
          signal.addEventListener('abort', cancel, { once: true });
          try {
            const { rows, count, bindings } = selectRows(selection);
            const { rows: [counted] } = await trx.raw<{ rows: { count: number }[] }>(count, bindings);
            await trx.raw(`declare export_rows no scroll cursor for ${rows}`, bindings);
            const pages = async function* () {
              for (;;) {
                signal.throwIfAborted();
                const page = await trx.raw<{ rows: ExportRow[] }>(`fetch ${PAGE_ROWS} from export_rows`);
                if (page.rows.length > 0) yield page.rows;
                if (page.rows.length < PAGE_ROWS) return;
              }
            };
            return await use({ columns: columnsOf(selection.source), total: counted?.count ?? 0, pages: pages() });
          } catch (error) {
            throw signal.aborted ? signal.reason : error;
          } finally {
            signal.removeEventListener('abort', cancel);
            // The connection goes back to the pool, and a late cancellation would meet whoever has it next.
            await cancelling;
          }
        },
        { isolationLevel: 'repeatable read', readOnly: true },
      );
    },
  };
}
