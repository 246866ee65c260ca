import type { BackupFolder, StoredBackup } from './backup-folder';

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
