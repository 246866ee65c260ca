import { z } from 'zod';

/** Increased when an older Taskloom can no longer read what this one writes. */
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
  /** Without generated columns, which PostgreSQL computes again. */
  columns: z.array(z.string()).min(1),
  /** The columns of the primary key. Every backup has all rows of a table without a primary key. */
  key: z.array(z.string()),
  /** `archive`: the rows are in the archive that pg_dump wrote. */
  content: z.enum(['all', 'changes', 'archive']),
  /** How many rows the table had at the snapshot. */
  rows: count,
  /** How many rows this backup's own files have. */
  rows_written: count,
  rows_file: file.nullable(),
  /** Only with `changes`: the keys of all rows at the snapshot. Rows with other keys were deleted. */
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
  /** Identifies the database. Transaction ids can be compared only within one cluster and timeline. */
  database: z.object({
    cluster: z.string(),
    timeline: z.int(),
    oid: z.int(),
    name: z.string(),
    server_version: z.string(),
  }),
  /** The result of pg_current_snapshot(), and the database's time at the snapshot. */
  snapshot: z.object({ id: z.string().regex(/^\d+:\d+:[\d,]*$/), taken_at: z.iso.datetime() }),
  migrations: z.array(z.string()),
  tables: z.array(table),
  sequences: z.array(z.object({ name: z.string(), value: z.string().regex(/^-?\d+$/), is_called: z.boolean() })),
  archive: file.nullable(),
  /** The backup that an incremental one builds on, with the checksum of the parent's SHA256SUMS. */
  parent: z.object({ name: z.string(), sha256: z.string() }).nullable(),
  /** The name of the full backup that begins the chain. A full backup names itself. */
  base: z.string(),
});
export type Manifest = z.infer<typeof manifestSchema>;

export function filesOf(manifest: Manifest): BackupFile[] {
  const files = [manifest.archive, ...manifest.tables.flatMap((each) => [each.rows_file, each.keys_file])];
  return files.filter((each) => each !== null);
}
