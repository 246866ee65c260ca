/** What the global set-up started for this run; every test file and worker process reads it from the environment. */
export interface TestServices {
  /** The server's maintenance database, as a superuser. */
  postgresUrl: string;
  /** A migrated, empty database to clone. */
  templateDatabase: string;
  temporalAddress: string;
  temporalUiUrl: string;
  /** A real server, or memory:// where none is installed. */
  redisUrl: string;
}

const VARIABLE = 'TASKLOOM_TEST_SERVICES';

export function publishTestServices(services: TestServices): void {
  process.env[VARIABLE] = JSON.stringify(services);
}

export function testServices(): TestServices {
  const services = process.env[VARIABLE];
  if (!services) throw new Error('test/support/global-setup.ts has not run');
  return JSON.parse(services) as TestServices;
}
