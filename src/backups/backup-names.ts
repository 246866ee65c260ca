/**
 * `backup_<config>_<YYYYMMDD>T<HHMMSS>Z_<execution>`. `<config>` is `manual` for a run without a config. The
 * execution's id keeps the names of two runs in the same second apart.
 */
export function backupName(request: { configId: number | null; executionId: number; startedAt: Date }): string {
  const stamp = request.startedAt
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `backup_${request.configId ?? 'manual'}_${stamp}_${request.executionId}`;
}

const BACKUP = /^backup_(\d+|manual)_\d{8}T\d{6}Z_\d+$/;
export const isBackupName = (name: string) => BACKUP.test(name);

/** The hidden name of a folder that is being written or removed. Such a folder is never listed. */
export const partName = (name: string, id: string) => `.${name}.${id}.part`;
export const isPartOf = (entry: string, name: string) => entry.startsWith(`.${name}.`) && entry.endsWith('.part');
export const isPart = (entry: string) => entry.startsWith('.backup_') && entry.endsWith('.part');
