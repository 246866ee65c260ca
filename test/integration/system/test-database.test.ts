import { createTestDatabase, type TestDatabase } from '../../support/test-database';

describe('createTestDatabase', () => {
  let databases: TestDatabase[];
  beforeAll(async () => (databases = await Promise.all([createTestDatabase(), createTestDatabase()])));
  afterAll(() => Promise.all(databases.map((each) => each.drop())));

  it('gives each caller its own migrated database', async () => {
    const [one, two] = databases;
    await one!.database('users').insert({ email: 'a@example.org', username: 'alice', hashed_password: 'x' });
    expect(await one!.database('users').pluck('username')).toEqual(['alice']);
    expect(await two!.database('users').pluck('username')).toEqual([]);
  });
});
