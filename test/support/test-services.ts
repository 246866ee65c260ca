/** The servers that the global setup started. Test files and worker processes read them from the environment. */
export interface TestServices {
  /** The server's maintenance database, as a superuser. */
  postgresUrl: string;
  /** A migrated, empty database to clone. */
  templateDatabase: string;
  temporalAddress: string;
  temporalUiUrl: string;
  /** The key-value store: Redis, or PostgreSQL if Redis is not installed or with TASKLOOM_TEST_STORE=postgres. */
  storeUrl: string;
  /** A migrated database that stands in for Redis. */
  postgresStoreUrl: string;
  /** Only when Redis is the store of the run. */
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

/** Defines the same tests for each kind of store. In a run without Redis, those of Redis are listed as skipped. */
export function describeEachStore(title: string, define: (url: string) => void): void {
  const { postgresStoreUrl, redisUrl } = testServices();
  describe(`${title} PostgreSQL`, () => define(postgresStoreUrl));
  if (redisUrl) describe(`${title} Redis`, () => define(redisUrl));
  else test.skip(`${title} Redis`, () => undefined);
}
