import { randomBytes } from 'node:crypto';
import { createDatabase, type Database } from '../../src/platform/postgres/postgres';
import { testServices } from './test-services';

export interface TestDatabase {
  database: Database;
  url: string;
  /** Closes the connections and drops the database. */
  drop(): Promise<void>;
}

/** Creates a migrated, empty database, which the caller drops. Most tests call `useTestDatabase`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { postgresUrl, templateDatabase } = testServices();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await maintain(postgresUrl, `create database ${name} template ${templateDatabase}`);
  const url = postgresUrl.replace(/[^/]+$/, name);
  const database = createDatabase({ url, poolSize: 5, applicationName: 'taskloom-test' });
  return {
    database,
    url,
    drop: async () => {
      await database.destroy();
      await maintain(postgresUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

/**
 * Creates a migrated, empty database before each test of the file (or describe), or once for all of them, and passes it
 * to `use`. The database is dropped afterwards: register the hooks that end its users before this call.
 */
export function useTestDatabase(each: 'test' | 'file', use: (db: TestDatabase) => void): void {
  let db: TestDatabase | undefined;
  (each === 'test' ? beforeEach : beforeAll)(async () => use((db = await createTestDatabase())));
  (each === 'test' ? afterEach : afterAll)(async () => {
    await db?.drop();
    db = undefined;
  });
}

async function maintain(url: string, statement: string): Promise<void> {
  const server = createDatabase({ url, poolSize: 1, applicationName: 'taskloom-test' });
  try {
    await server.raw(statement);
  } finally {
    await server.destroy();
  }
}
