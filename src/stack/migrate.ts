import { databaseUrl, readConfig } from '../platform/config';
import { createDatabase, migrate } from '../platform/postgres';

async function main(): Promise<void> {
  const url = databaseUrl(readConfig());
  if (!url) throw new Error('DATABASE_URL or POSTGRES_HOST is not set; `npm start` migrates its own PostgreSQL itself');
  const database = createDatabase({ url, poolSize: 1, applicationName: 'taskloom-migrate' });
  const names = await migrate(database).finally(() => database.destroy());
  console.log(names.length === 0 ? 'The database is up to date.' : `Ran ${names.join(', ')}.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
