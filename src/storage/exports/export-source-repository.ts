import type { Client } from 'pg';
import { columnsOf, selectRows, type ExportColumn } from './export-sources';
import { readRowPages } from '../sql/row-pages';
import type { ExportSelection } from '../../tasks/ports/exports';

export type ExportRow = Record<string, string | number | boolean | Date | null>;

export interface Snapshot {
  columns: readonly ExportColumn[];
  total: number;
  /** All rows, by the page; to be read once. */
  pages: AsyncIterable<ExportRow[]>;
}

/** Rows that PostgreSQL prepares at a time. */
const FETCH_ROWS = 1_000;
/** Most rows are short, but a post may have forty thousand characters, and a task's result any number. */
const PAGE = { rows: 500, bytes: 1_000_000 };

/**
 * PostgreSQL checks whether the client is still connected, and ends the statement of a killed process. Older servers,
 * and those on some systems, cannot do this: there the statement ends with the next rows that it sends.
 */
const WATCH_US = "set client_connection_check_interval = '2s'";

export type ExportSourceRepository = ReturnType<typeof createExportSourceRepository>;

/** `connect` opens a connection that is used for nothing else. */
export function createExportSourceRepository({ connect }: { connect: () => Promise<Client> }) {
  /** A statement that sends no rows would go on after its connection is closed. */
  async function cancelStatement(pid: number | undefined): Promise<void> {
    const other = await connect();
    await other.query('select pg_cancel_backend($1)', [pid]).finally(() => other.end());
  }

  return {
    /**
     * Passes on the rows as they are at this moment, whatever is written meanwhile: in one repeatable-read transaction,
     * through a cursor of PostgreSQL, so that neither side holds more than a page. An abort also cancels the running
     * statement.
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
        await client.query(WATCH_US).catch(() => undefined);
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
