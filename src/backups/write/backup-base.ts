import { readChain } from '../backup-chain';
import { whyNotComparable } from './row-changes';
import type { BackupFolder, StoredBackup } from '../backup-folder';
import type { BackupSnapshot } from './backup-snapshot';

export type Base = { parent: StoredBackup } | { reason: string };

const isSameList = (a: string[], b: string[]) => a.length === b.length && a.every((each, index) => each === b[index]);

/** The parent of a new incremental backup: the newest of this database, if its chain is complete and comparable. */
export async function findBase(folder: BackupFolder, now: BackupSnapshot): Promise<Base> {
  const { backups } = await folder.list();
  const { cluster, oid } = now.database;
  const parent = backups.find(({ manifest: { database } }) => database.cluster === cluster && database.oid === oid);
  if (!parent) return { reason: 'there is no backup of this database to add to' };
  const { manifest } = parent;
  try {
    for (const each of await readChain(folder, parent))
      if (!(await folder.hasAllFiles(each))) return { reason: `${each.manifest.name} is not whole` };
  } catch (error) {
    return { reason: (error as Error).message };
  }
  if (manifest.database.timeline !== now.database.timeline)
    return { reason: 'the server was recovered or replaced since the last backup' };
  const fault = whyNotComparable(manifest.snapshot.id, now.snapshot.id);
  if (fault) return { reason: fault };
  // A new column with a default changes rows without writing them, so they would be missing in the changes.
  const isSameSchema =
    isSameList(manifest.migrations, now.migrations) &&
    isSameList(
      manifest.tables.map(({ name }) => name),
      now.tables.map(({ name }) => name),
    ) &&
    now.tables.every(
      (table, index) =>
        isSameList(table.columns, manifest.tables[index]?.columns ?? []) &&
        isSameList(table.key, manifest.tables[index]?.key ?? []),
    );
  return isSameSchema ? { parent } : { reason: 'the schema has changed since the last backup' };
}
