import { createReadStream } from 'node:fs';
import path from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Client } from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import type { BackupTable, Manifest } from '../backup-manifest';
import { readDumpScript } from './dump-script';
import { startReadingArchive } from '../pg-dump';
import { columnList, quote } from '../table-catalog';

/**
 * Loads one backup into the tables. An incremental backup needs the tables in the state of its parent; a full one
 * replaces their rows.
 */
export async function loadBackup(
  client: Client,
  place: string,
  manifest: Manifest,
  schema: string,
  onTable: (table: BackupTable) => void,
): Promise<void> {
  if (manifest.archive) await loadArchive(client, path.join(place, manifest.archive.name), manifest, schema);
  for (const table of manifest.tables) {
    if (table.content === 'all') await loadAll(client, place, table);
    if (table.content === 'changes') await loadChanges(client, place, table);
    onTable(table);
  }
}

async function loadAll(client: Client, place: string, { name, columns, rows_file: rows }: BackupTable): Promise<void> {
  await client.query(`truncate ${quote(name)}`);
  if (rows) await loadFile(client, `${quote(name)} (${columnList(columns)})`, path.join(place, rows.name));
}

/** Loads a compressed file of rows. `target` is a table with its columns. */
async function loadFile(client: Client, target: string, file: string): Promise<void> {
  await pipeline(createReadStream(file), createGunzip(), client.query(copyFrom(`copy ${target} from stdin`)));
}

/** Deletes the removed and the changed rows before it inserts, so that no insert violates a unique constraint. */
async function loadChanges(
  client: Client,
  place: string,
  { name, columns, key, rows_file: rows, keys_file: keys }: BackupTable,
): Promise<void> {
  if (!rows || !keys) throw new Error(`The changes of ${name} are without their files`);
  const stage = async (table: string, ofColumns: string[], file: string) => {
    await client.query(
      `create temporary table ${table} on commit drop as
         select ${columnList(ofColumns)} from ${quote(name)} with no data`,
    );
    await loadFile(client, `${table} (${columnList(ofColumns)})`, path.join(place, file));
    await client.query(`analyze ${table}`);
  };
  const isSame = key.map((column) => `t.${quote(column)} = s.${quote(column)}`).join(' and ');
  await stage('restore_keys', key, keys.name);
  await stage('restore_rows', columns, rows.name);
  await client.query(`delete from ${quote(name)} t where not exists (select from restore_keys s where ${isSame})`);
  await client.query(`delete from ${quote(name)} t using restore_rows s where ${isSame}`);
  await client.query(
    `insert into ${quote(name)} (${columnList(columns)}) overriding system value
       select ${columnList(columns)} from restore_rows`,
  );
  await client.query('drop table restore_keys, restore_rows');
}

async function loadArchive(client: Client, archive: string, { tables }: Manifest, schema: string): Promise<void> {
  const known = new Set(tables.map(({ name }) => name));
  for (const name of known) await client.query(`truncate ${quote(name)}`);
  const { script, done } = startReadingArchive(archive);
  let failure: unknown;
  const open = (block: { schema: string; table: string; columns: string }): CopyStreamQuery | null => {
    if (!known.has(block.table) || (block.schema !== '' && block.schema !== schema)) return null;
    const copy = client.query(copyFrom(`copy ${quote(block.table)} (${block.columns}) from stdin`));
    copy.on('error', (error) => (failure ??= error));
    return copy;
  };
  const close = async (target: NodeJS.WritableStream) => {
    target.end();
    await finished(target);
  };
  try {
    await readDumpScript(script, open, close);
  } catch (error) {
    script.destroy();
    await done.catch(() => undefined);
    throw failure ?? error;
  }
  await done;
}
