import { readConfig } from '../../platform/config';
import { createDatabase, migrate } from '../../platform/postgres/postgres';
import { checkPostgres, checkTemporal, requireDatabaseUrl } from '../../platform/startup/start-checks';
import { showFailedStart } from '../../platform/startup/start-error';
import { connectTemporal, registerSearchAttributes, temporalTarget, temporalVariable } from '../../platform/temporal';

/**
 * What an update needs before API and worker may start: the schema of PostgreSQL, and Temporal's search attributes
 * where a Temporal is configured.
 */
async function main(): Promise<void> {
  const config = readConfig();
  const url = requireDatabaseUrl(config, '`npm start` migrates its own PostgreSQL itself');
  await checkPostgres(config, url);
  const database = createDatabase({ url, poolSize: 1, applicationName: 'taskloom-migrate' });
  const names = await migrate(database).finally(() => database.destroy());
  console.log(names.length === 0 ? 'The database is up to date.' : `Ran ${names.join(', ')}.`);

  if (!temporalVariable()) {
    console.log('TEMPORAL_ADDRESS is not set: no search attributes registered.');
    return;
  }
  const target = temporalTarget();
  await checkTemporal(target);
  const temporal = await connectTemporal(target);
  await registerSearchAttributes(temporal.connection, temporal.namespace).finally(() => temporal.close());
  console.log(`The search attributes are registered at ${target.address}, namespace ${target.namespace}.`);
}

main().catch((error: unknown) => {
  showFailedStart(error);
  process.exitCode = 1;
});
