import Table from 'cli-table3';
import type { StoredBackup } from '../../backups/backup-folder';
import type { KeptChanges } from '../../backups/restore/newer-than-backup';
import type { RestorePlan } from '../../backups/restore/restore-backup';

const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`;
const rowsOf = ({ manifest }: StoredBackup) => manifest.tables.reduce((sum, { rows }) => sum + rows, 0);

export function renderBackups(
  { backups, faults }: { backups: StoredBackup[]; faults: string[] },
  folder: string,
): string {
  const names = new Set(backups.map(({ manifest }) => manifest.name));
  const table = new Table({
    head: ['Backup', 'Type', 'Of (UTC)', 'Database', 'Rows', 'Size', 'Adds to'],
    style: { head: [], border: [] },
  });
  for (const backup of backups) {
    const { name, type, method, snapshot, database, parent } = backup.manifest;
    table.push([
      name,
      `${type} (${method})`,
      snapshot.taken_at.slice(0, 19).replace('T', ' '),
      database.name,
      String(rowsOf(backup)),
      megabytes(backup.bytes),
      parent ? `${parent.name}${names.has(parent.name) ? '' : ' (gone)'}` : '',
    ]);
  }
  const list = backups.length === 0 ? `${folder} has no backups.` : `${folder}\n${table.toString()}`;
  return [list, ...faults.map((fault) => `Not usable: ${fault}`)].join('\n');
}

export function renderPlan(
  { chain, rows, missingMigrations, tablesWithRows, changedUsers }: RestorePlan,
  database: string,
  { arePasswordsKept }: { arePasswordsKept: boolean },
): string {
  const last = chain.at(-1);
  if (!last) return '';
  const { snapshot, database: source, tables } = last.manifest;
  return [
    `All checksums are right. What would be restored into ${database}:`,
    `  the state of ${snapshot.taken_at} of the database ${source.name}, ${rows} rows in ${tables.length} tables`,
    `  from ${chain.map(({ manifest }) => manifest.name).join(', then ')}`,
    ...(missingMigrations.length > 0 ? [`  then the migrations that came later: ${missingMigrations.join(', ')}`] : []),
    tablesWithRows.length > 0
      ? `  in place of what is there now: rows of ${tablesWithRows.join(', ')}`
      : '  The database is empty.',
    ...(changedUsers.length > 0
      ? [
          `  Users changed since the backup: ${changedUsers.join(', ')}. What was revoked since stays revoked, and`,
          arePasswordsKept
            ? '  changed passwords stay as they are now (with --old-passwords: those of the backup).'
            : '  changed passwords are those of the backup again (--old-passwords).',
        ]
      : []),
  ].join('\n');
}

/** What stayed of the replaced database. */
export function renderKept(
  { apiKeys, deactivated, demoted, passwordsChanged, hasActiveAdmin }: KeptChanges,
  { arePasswordsKept }: { arePasswordsKept: boolean },
): string[] {
  const names = (list: string[], text: string) => (list.length > 0 ? [`${text}: ${list.join(', ')}.`] : []);
  return [
    ...(apiKeys > 0 ? [`API keys revoked since the backup stay revoked: ${apiKeys}.`] : []),
    ...names(deactivated, 'Deactivated or deleted since the backup, now inactive'),
    ...names(demoted, 'Users who keep the lower role that they were given since the backup'),
    ...names(
      passwordsChanged,
      arePasswordsKept
        ? 'Passwords changed since the backup stay as they were'
        : 'Passwords changed since the backup are those of the backup again',
    ),
    ...(hasActiveAdmin ? [] : ['No active admin is left: `npm run create-admin` makes one.']),
  ];
}
