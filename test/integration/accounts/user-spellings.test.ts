import { knex } from 'knex';
import { up } from '../../../migrations/0045_user_spellings';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db.drop());

test('the migration marks all but the oldest of those who are spelt alike, and changes nobody else', async () => {
  const before = knex({ client: 'pg', connection: db.url });
  try {
    await before.raw('alter table users drop column is_username_shared, drop column is_email_shared');
    await before('users').insert(
      [
        ['Ann', 'ann@example.org'],
        ['ann', 'Ann@example.org'],
        ['ANN', 'other@example.org'],
        ['bob', 'bob@example.org'],
      ].map(([username, email]) => ({ username, email, hashed_password: 'x' })),
    );
    await before.transaction((transaction) => up(transaction));
    expect(
      await before('users').orderBy('id').select('username', 'email', 'is_username_shared', 'is_email_shared'),
    ).toEqual([
      { username: 'Ann', email: 'ann@example.org', is_username_shared: false, is_email_shared: false },
      { username: 'ann', email: 'Ann@example.org', is_username_shared: true, is_email_shared: true },
      { username: 'ANN', email: 'other@example.org', is_username_shared: true, is_email_shared: false },
      { username: 'bob', email: 'bob@example.org', is_username_shared: false, is_email_shared: false },
    ]);
    await expect(
      before('users').insert({ username: 'BOB', email: 'b@example.org', hashed_password: 'x' }),
    ).rejects.toMatchObject({ constraint: 'users_username_lower_unique' });
    await expect(
      before('users').insert({ username: 'bob2', email: 'BOB@example.org', hashed_password: 'x' }),
    ).rejects.toMatchObject({ constraint: 'users_email_lower_unique' });
  } finally {
    await before.destroy();
  }
});
