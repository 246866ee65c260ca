import Table from 'cli-table3';
import type { StoredBackup } from '../../backups/backup-folder';
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

export function renderPlan({ chain, rows, missingMigrations, tablesWithRows }: RestorePlan, database: string): string {
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
  ].join('\n');
}
