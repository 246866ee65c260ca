import type { BackupFolder, StoredBackup } from './backup-folder';
import type { BackupSnapshot } from './backup-snapshot';
import { whyNotComparable } from './row-changes';

export type Base = { parent: StoredBackup } | { reason: string };

/** All backups from the full one to `last`. Throws when one of them is missing or has changed. */
export async function readChain(folder: BackupFolder, last: StoredBackup): Promise<StoredBackup[]> {
  const chain = [last];
  for (let first = last; first.manifest.parent;) {
    const { name, sha256 } = first.manifest.parent;
    const parent = await folder.read(name);
    if (!parent) throw new Error(`${first.manifest.name} adds to ${name}, which is gone`);
    if (parent.sha256 !== sha256 || chain.length > 10_000)
      throw new Error(`${first.manifest.name} adds to ${name}, which is not what it was`);
    chain.unshift(parent);
    first = parent;
  }
  return chain;
}

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

/** Full backups of this database beyond the newest `keep`, with their incremental ones, in the order of removal. */
export async function findExpired(
  folder: BackupFolder,
  database: { cluster: string; oid: number },
  keep: number,
): Promise<StoredBackup[]> {
  const { backups } = await folder.list();
  const own = backups.filter(
    ({ manifest }) => manifest.database.cluster === database.cluster && manifest.database.oid === database.oid,
  );
  const kept = new Set(
    own
      .filter(({ manifest }) => manifest.type === 'full')
      .slice(0, keep)
      .map(({ manifest }) => manifest.name),
  );
  // Newest first, so that a crash during the removal leaves a shorter chain and not one without its full backup.
  return own.filter(({ manifest }) => !kept.has(manifest.base));
}
