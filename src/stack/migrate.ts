import { databaseUrl, readConfig } from '../platform/config';
import { createDatabase, migrate } from '../platform/postgres';
import { connectTemporal, registerSearchAttributes, temporalTarget } from '../platform/temporal';

/** What an update needs before API and worker may start: the schema of PostgreSQL, and Temporal's search attributes where a Temporal is configured. */
async function main(): Promise<void> {
  const url = databaseUrl(readConfig());
  if (!url) throw new Error('DATABASE_URL or POSTGRES_HOST is not set; `npm start` migrates its own PostgreSQL itself');
  const database = createDatabase({ url, poolSize: 1, applicationName: 'taskloom-migrate' });
  const names = await migrate(database).finally(() => database.destroy());
  console.log(names.length === 0 ? 'The database is up to date.' : `Ran ${names.join(', ')}.`);

  if (!['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => process.env[name])) {
    console.log('TEMPORAL_ADDRESS is not set: no search attributes registered.');
    return;
  }
  const target = temporalTarget();
  const temporal = await connectTemporal(target);
  await registerSearchAttributes(temporal.connection, temporal.namespace).finally(() => temporal.close());
  console.log(`The search attributes are registered at ${target.address}, namespace ${target.namespace}.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
