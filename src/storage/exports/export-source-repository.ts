import type { Client } from 'pg';
import { columnsOf, selectRows, type ExportColumn } from './export-sources';
import { readRowPages } from '../sql/row-pages';
import type { ExportSelection } from '../../tasks/ports/exports';

export type ExportRow = Record<string, string | number | boolean | Date | null>;

export interface Snapshot {
  columns: readonly ExportColumn[];
  total: number;
  /** All rows in pages. It can be read only once. */
  pages: AsyncIterable<ExportRow[]>;
}

/** How many rows one FETCH asks PostgreSQL for. */
const FETCH_ROWS = 1_000;
/** Most rows are short, but a post may have 40,000 characters, and a task's result has no limit. */
const PAGE = { rows: 500, bytes: 1_000_000 };

/**
 * PostgreSQL checks whether the client is still connected, and ends the statement of a killed process. Servers before
 * version 14, and those on some systems, cannot check this: there the statement ends with the next rows that it sends.
 */
const CHECK_CONNECTION = "set client_connection_check_interval = '2s'";

export type ExportSourceRepository = ReturnType<typeof createExportSourceRepository>;

/** `connect` opens a connection that is used for nothing else. */
export function createExportSourceRepository({ connect }: { connect: () => Promise<Client> }) {
  /** A statement that sends no rows would run on after its connection is closed, so it is cancelled. */
  async function cancelStatement(pid: number | undefined): Promise<void> {
    const other = await connect();
    await other.query('select pg_cancel_backend($1)', [pid]).finally(() => other.end());
  }

  return {
    /**
     * Reads all rows in one repeatable-read transaction, so that later writes do not show, and through a PostgreSQL
     * cursor, so that neither side holds all rows in memory. An abort also cancels the running statement.
     */
    async withSnapshot<Result>(
      selection: ExportSelection,
      signal: AbortSignal,
      use: (snapshot: Snapshot) => Promise<Result>,
    ): Promise<Result> {
      signal.throwIfAborted();
      const client = await connect();
      let cancelling: Promise<void> | undefined;
      let cancel = () => {};
      try {
        const {
          rows: [backend],
        } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        cancel = () => {
          cancelling = cancelStatement(backend?.pid).catch(() => undefined);
        };
        signal.addEventListener('abort', cancel, { once: true });
        signal.throwIfAborted();
        await client.query(CHECK_CONNECTION).catch(() => undefined);
        await client.query('begin isolation level repeatable read read only');
        const { rows, count, values } = selectRows(selection);
        const {
          rows: [counted],
        } = await client.query<{ count: number }>(count, values);
        await client.query(`declare export_rows no scroll cursor for ${rows}`, values);
        const pages = async function* () {
          for (let fetched = FETCH_ROWS; fetched === FETCH_ROWS;) {
            fetched = 0;
            for await (const page of readRowPages<ExportRow>(client, `fetch ${FETCH_ROWS} from export_rows`, PAGE)) {
              signal.throwIfAborted();
              fetched += page.length;
              yield page;
            }
          }
        };
        return await use({ columns: columnsOf(selection.source), total: counted?.count ?? 0, pages: pages() });
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener('abort', cancel);
        await cancelling;
        // Closes the connection even while a statement is running.
        await client.end().catch(() => undefined);
      }
    },
  };
}
