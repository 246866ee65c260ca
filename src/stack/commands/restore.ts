// This import comes first, because it notes the parent process when it is loaded.
import { stopWithNpm } from '../../platform/startup/npm-watch';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { RestoreRefusedError } from '../../backups/backup-error';
import { createBackupFolder, type BackupFolder } from '../../backups/backup-folder';
import { createRestore, type RestorePlan } from '../../backups/restore/restore-backup';
import { backupFolder, databaseUrl, readConfig, type Config } from '../../platform/config';
import { createDatabase, migrate, migrationNames } from '../../platform/postgres/postgres';
import { checkPostgres } from '../../platform/startup/start-checks';
import { reasonOf, redactUrl } from '../../platform/startup/error-texts';
import { showFailedStart, StartError } from '../../platform/startup/start-error';
import { startPostgres } from '../servers/postgres-service';
import { readRestoreArguments, type RestoreArguments } from './restore-arguments';
import { renderBackups, renderKept, renderPlan } from './restore-texts';
import { lockStack } from '../processes/stack-lock';
import { openState } from '../stack-state';

/** `npm run restore`: brings the database back to the state of a backup, in one transaction. */
async function main(): Promise<void> {
  const wanted = readRestoreArguments(process.argv.slice(2));
  const config = readConfig();
  const folder = createBackupFolder(backupFolder(config));
  if (wanted.isList) {
    console.log(renderBackups(await folder.list(), folder.path));
    return;
  }
  const target = await reachDatabase(config);
  // PostgreSQL rolls the transaction back when its connection ends, so a restore that is stopped changes nothing.
  const stop = () => {
    console.error("Stopped. Nothing was changed, unless 'Restored …' is shown above.");
    void target.release().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  stopWithNpm(stop);
  try {
    await restoreInto(target.url, folder, wanted);
  } finally {
    await target.release();
  }
}

/** The configured database, or else the embedded one of `npm start`, which is started for the time of the restore. */
async function reachDatabase(config: Config): Promise<{ url: string; release: () => Promise<void> }> {
  const url = databaseUrl(config);
  if (url) {
    await checkPostgres(config, url);
    return { url, release: async () => undefined };
  }
  const home = path.resolve(config.TASKLOOM_HOME);
  const unlock = await lockStack(home, 'restoring a backup');
  try {
    const logFolder = path.join(home, 'logs');
    mkdirSync(logFolder, { recursive: true });
    const service = await startPostgres(
      { config, env: process.env, home, logFolder, state: openState(home), signal: new AbortController().signal },
      () => undefined,
    );
    const release = async () => {
      await service.stop();
      unlock();
    };
    return { url: service.env.DATABASE_URL ?? '', release };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function restoreInto(url: string, folder: BackupFolder, wanted: RestoreArguments): Promise<void> {
  const database = createDatabase({ url, poolSize: 2, applicationName: 'taskloom-restore' });
  try {
    const restore = createRestore({
      folder,
      database,
      migrationNames: migrationNames(),
      migrate,
      report: (line) => console.log(line),
    });
    const plan = await restore.plan(wanted.backup, new AbortController().signal);
    console.log(renderPlan(plan, redactUrl(url), wanted));
    refuse(plan, wanted);
    if (!wanted.isConfirmed && !(await askForYes()))
      throw new StartError('Nothing was changed. To restore without being asked: --yes');
    const { migrationsRun, kept } = await restore
      .restore(plan, wanted)
      .catch((error: unknown) =>
        Promise.reject(
          new StartError(`The restore failed: ${reasonOf(error)}\nNothing was changed.`, { cause: error }),
        ),
      );
    if (migrationsRun.length > 0) console.log(`Ran ${migrationsRun.join(', ')}, which came after the backup.`);
    console.log(
      `Restored ${plan.rows} rows. ` +
        'All sessions have ended; users and API keys are those of the backup. No audit entry was removed.\n' +
        renderKept(kept, wanted)
          .map((line) => `${line}\n`)
          .join('') +
        'Start API and worker: differences between Temporal and the database are repaired within a minute.',
    );
  } catch (error) {
    throw error instanceof RestoreRefusedError
      ? new StartError(`${error.message}\nNothing was changed.`, { cause: error })
      : error;
  } finally {
    await database.destroy();
  }
}

function refuse({ connected, tablesWithRows }: RestorePlan, { isForced, isReplacing }: RestoreArguments): void {
  if (connected.length > 0 && !isForced)
    throw new StartError(
      `Still connected to the database: ${connected.join(', ')}. Stop API and workers first; ` +
        'what they write while this goes on is lost (--force goes ahead all the same).\nNothing was changed.',
    );
  if (tablesWithRows.length > 0 && !isReplacing)
    throw new StartError(
      `The database is not empty: ${tablesWithRows.join(', ')}. ` +
        'With --replace all of its tables are removed and made anew from the backup.\nNothing was changed.',
    );
}

async function askForYes(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  return (await lines.question('Restore? Type yes: ').finally(() => lines.close())).trim().toLowerCase() === 'yes';
}

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exitCode = 1;
});
