import type { BackupFolder, StoredBackup } from '../backup-folder';

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
