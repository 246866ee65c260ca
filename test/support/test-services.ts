/** What the global set-up started for this run; every test file and worker process reads it from the environment. */
export interface TestServices {
  /** The server's maintenance database, as a superuser. */
  postgresUrl: string;
  /** A migrated, empty database to clone. */
  templateDatabase: string;
  temporalAddress: string;
  temporalUiUrl: string;
  /** Where the run keeps sessions and budgets: Redis, or PostgreSQL where none is installed or TASKLOOM_TEST_STORE says so. */
  storeUrl: string;
  /** A migrated database that stands in for Redis. */
  postgresStoreUrl: string;
  /** Only where Redis is the store of the run. */
  redisUrl?: string;
}

const VARIABLE = 'TASKLOOM_TEST_SERVICES';

export function publishTestServices(services: Omit<TestServices, 'storeUrl'>): void {
  const storeUrl = services.redisUrl ?? services.postgresStoreUrl;
  process.env[VARIABLE] = JSON.stringify({ ...services, storeUrl });
}

export function testServices(): TestServices {
  const services = process.env[VARIABLE];
  if (!services) throw new Error('test/support/global-setup.ts has not run');
  return JSON.parse(services) as TestServices;
}

/** Tests of the store itself run on each that there is: name and address. */
export function everyStore(): [name: string, url: string][] {
  const { postgresStoreUrl, redisUrl } = testServices();
  return [['PostgreSQL', postgresStoreUrl], ...(redisUrl ? [['Redis', redisUrl] as [string, string]] : [])];
}
