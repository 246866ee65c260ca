import { Query, type Client, type Connection, type QueryResultRow } from 'pg';
import type { Socket } from 'node:net';

export interface PageSize {
  rows: number;
  bytes: number;
}

/**
 * Reads the rows of a statement page by page. A page ends at `size.rows` rows, or with the row that brings it to
 * `size.bytes` bytes. The connection is paused while a full page waits for the reader, so that memory never holds more
 * than two pages.
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
    // A connection that stays paused would not notice that it was closed.
    socket.resume();
  }
}
