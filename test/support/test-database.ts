import { randomBytes } from 'node:crypto';
import { createDatabase, type Database } from '../../src/platform/postgres/postgres';
import { testServices } from './test-services';

export interface TestDatabase {
  database: Database;
  url: string;
  /** Closes the connections and drops the database. */
  drop(): Promise<void>;
}

/** Creates a migrated, empty database. The caller drops it in `afterAll`. */
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

async function maintain(url: string, statement: string): Promise<void> {
  const server = createDatabase({ url, poolSize: 1, applicationName: 'taskloom-test' });
  try {
    await server.raw(statement);
  } finally {
    await server.destroy();
  }
}
