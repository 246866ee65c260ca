import type { Client } from 'pg';
import type { BackupTable, Manifest } from '../backup-manifest';
import type { BackupSnapshot } from './backup-snapshot';
import { copyToFile, writeFile, type WriteStep } from './write-file';
import { startDump } from '../pg-dump';
import { changedSince } from './row-changes';
import { columnList, quote } from '../table-catalog';

export interface TableWriting extends WriteStep {
  client: Client;
  place: string;
  now: BackupSnapshot;
  onTable: (rows: number) => void;
}

/** Writes all rows or, with `since`, the rows changed after that snapshot and the keys of all rows. */
export async function writeTables(writing: TableWriting, since: string | null): Promise<BackupTable[]> {
  const { client, place, now } = writing;
  const tables: BackupTable[] = [];
  for (const [index, { name, columns, key }] of now.tables.entries()) {
    writing.signal.throwIfAborted();
    const isChanges = since !== null && key.length > 0;
    // The number keeps file names apart: characters that a file name cannot have are replaced.
    const file = (kind: string) => `${String(index + 1).padStart(3, '0')}_${name.replaceAll(/\W/g, '_')}.${kind}.gz`;
    const source = `select ${columnList(columns)} from ${quote(name)}`;
    const rows = await copyToFile(
      client,
      isChanges ? `${source} where ${changedSince(since, now.snapshot.id)}` : source,
      place,
      file('rows'),
      writing,
    );
    const keys = isChanges
      ? await copyToFile(client, `select ${columnList(key)} from ${quote(name)}`, place, file('keys'), writing)
      : null;
    tables.push({
      name,
      columns,
      key,
      content: isChanges ? 'changes' : 'all',
      rows: keys?.rows ?? rows.rows,
      rows_written: rows.rows,
      rows_file: rows.file,
      keys_file: keys?.file ?? null,
    });
    writing.onTable(rows.rows);
  }
  return tables;
}

/** Writes one archive with pg_dump, in the same snapshot, and counts the rows of each table. */
export async function writeArchive(writing: TableWriting, url: string): Promise<Pick<Manifest, 'tables' | 'archive'>> {
  const { client, place, now, signal } = writing;
  const {
    rows: [exported],
  } = await client.query<{ id: string }>('select pg_export_snapshot() as id');
  const dump = startDump({ url, snapshot: exported?.id ?? '', otherSchemas: now.otherSchemas, signal });
  const written = writeFile(place, 'database.dump', dump.archive, writing, 'none');
  // A dump that fails closes its stream too. The program's message is the useful one, so it is the one that is thrown.
  await dump.done.catch(async (error: unknown) => {
    await written.catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  });
  const archive = await written;
  const tables: BackupTable[] = [];
  for (const { name, columns, key } of now.tables) {
    signal.throwIfAborted();
    const {
      rows: [counted],
    } = await client.query<{ count: number }>(`select count(*) as count from ${quote(name)}`);
    const rows = counted?.count ?? 0;
    tables.push({ name, columns, key, content: 'archive', rows, rows_written: rows, rows_file: null, keys_file: null });
    writing.onTable(rows);
  }
  return { tables, archive };
}
