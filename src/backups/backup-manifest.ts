import { z } from 'zod';

/** Grows when an older Taskloom could not read what a newer one writes. */
export const FORMAT_VERSION = 1;

const count = z.int().min(0);
const file = z.object({
  name: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupFile = z.infer<typeof file>;

const table = z.object({
  name: z.string(),
  /** Those that are stored; generated ones are computed anew. */
  columns: z.array(z.string()).min(1),
  /** The primary key's columns; of a table without one every backup has all rows. */
  key: z.array(z.string()),
  /** `archive`: the rows are in pg_dump's file. */
  content: z.enum(['all', 'changes', 'archive']),
  /** In the table at the snapshot's moment. */
  rows: count,
  /** In this backup's own files. */
  rows_written: count,
  rows_file: file.nullable(),
  /** Of changes: the keys of all rows that were there, which tells those that are gone. */
  keys_file: file.nullable(),
});
export type BackupTable = z.infer<typeof table>;

export const manifestSchema = z.object({
  format_version: z.int(),
  taskloom_version: z.string(),
  name: z.string(),
  type: z.enum(['full', 'incremental']),
  method: z.enum(['copy', 'pg_dump']),
  config_id: z.int().nullable(),
  execution_id: z.int(),
  created_at: z.iso.datetime(),
  /** Which database it is of: transaction ids compare within one cluster and timeline only. */
  database: z.object({
    cluster: z.string(),
    timeline: z.int(),
    oid: z.int(),
    name: z.string(),
    server_version: z.string(),
  }),
  /** pg_current_snapshot(), and the database's time at that moment. */
  snapshot: z.object({ id: z.string().regex(/^\d+:\d+:[\d,]*$/), taken_at: z.iso.datetime() }),
  migrations: z.array(z.string()),
  tables: z.array(table),
  sequences: z.array(z.object({ name: z.string(), value: z.string().regex(/^-?\d+$/), is_called: z.boolean() })),
  archive: file.nullable(),
  /** What an incremental backup adds to. The checksum is that of the parent's list of checksums. */
  parent: z.object({ name: z.string(), sha256: z.string() }).nullable(),
  /** The full backup at the beginning of the chain; itself, for a full one. */
  base: z.string(),
});
export type Manifest = z.infer<typeof manifestSchema>;

export function filesOf(manifest: Manifest): BackupFile[] {
  const files = [manifest.archive, ...manifest.tables.flatMap((each) => [each.rows_file, each.keys_file])];
  return files.filter((each) => each !== null);
}
