import { readConfig } from '../../platform/config';
import { createDatabase } from '../../platform/postgres/postgres';
import { checkPostgres, requireDatabaseUrl } from '../../platform/startup/start-checks';
import { showFailedStart } from '../../platform/startup/start-error';

/**
 * Compares the totals of executions with the rows, and counts anew when they differ: after a restore with triggers off,
 * say.
 */
async function main(): Promise<void> {
  const config = readConfig();
  const url = requireDatabaseUrl(config, 'name the database whose totals are meant');
  await checkPostgres(config, url);
  const database = createDatabase({ url, poolSize: 1, applicationName: 'taskloom-rebuild-stats' });
  try {
    const { rows } = await database.raw<{ rows: { faults: number }[] }>(
      'select count(*) as faults from execution_totals_faults()',
    );
    const faults = rows[0]?.faults ?? 0;
    if (faults > 0) await database.raw('select rebuild_execution_totals()');
    console.log(
      faults === 0 ? 'The totals agree with the executions.' : `${faults} totals were off. All have been counted anew.`,
    );
  } finally {
    await database.destroy();
  }
}

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exitCode = 1;
});
