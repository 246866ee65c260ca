import { Query, type Client, type Connection, type QueryResultRow } from 'pg';
import type { Socket } from 'node:net';

export interface PageSize {
  rows: number;
  bytes: number;
}

/**
 * The rows of a statement, by the page. While a page waits to be taken the connection is not read, so that never more
 * is in memory than two of them, however long the rows are: a page has at most so many rows, and ends with the one that
 * makes it so many bytes.
 */
export async function* readRowPages<Row extends QueryResultRow>(
  client: Client,
  statement: string,
  size: PageSize,
): AsyncGenerator<Row[]> {
  const socket = (client as unknown as { connection: Connection }).connection.stream as Socket;
  let rows: Row[] = [];
  let bytesBefore = socket.bytesRead;
  let isOver = false;
  let failure: Error | undefined;
  let wake = () => {};
  const isFull = () => rows.length >= size.rows || (rows.length > 0 && socket.bytesRead - bytesBefore >= size.bytes);

  client
    .query(new Query<Row, never[]>(statement))
    .on('row', (row: Row) => {
      rows.push(row);
      if (!isFull()) return;
      socket.pause();
      wake();
    })
    .on('error', (error: Error) => {
      failure = error;
      wake();
    })
    .on('end', () => {
      isOver = true;
      wake();
    });
  try {
    for (;;) {
      while (!isFull() && !isOver && !failure) await new Promise<void>((resolve) => (wake = resolve));
      if (failure) throw failure;
      const page = rows;
      rows = [];
      bytesBefore = socket.bytesRead;
      socket.resume();
      if (page.length > 0) yield page;
      else if (isOver) return;
    }
  } finally {
    // One that is left paused would never learn of its own end.
    socket.resume();
  }
}
