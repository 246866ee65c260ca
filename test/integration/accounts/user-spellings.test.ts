import { type TestDatabase, useTestDatabase } from '../../support/test-database';

let db: TestDatabase;
useTestDatabase('test', (created) => (db = created));

test('refuses users spelt alike unless they are marked as sharing the spelling', async () => {
  const { database } = db;
  const user = (username: string, email: string, [isNameShared, isEmailShared] = [false, false]) => ({
    username,
    email,
    hashed_password: 'x',
    is_username_shared: isNameShared,
    is_email_shared: isEmailShared,
  });
  await database('users').insert([
    user('Ann', 'ann@example.org'),
    user('ann', 'Ann@example.org', [true, true]),
    user('ANN', 'other@example.org', [true, false]),
    user('bob', 'bob@example.org'),
  ]);
  await expect(database('users').insert(user('BOB', 'b@example.org'))).rejects.toMatchObject({
    constraint: 'users_username_lower_unique',
  });
  await expect(database('users').insert(user('bob2', 'BOB@example.org'))).rejects.toMatchObject({
    constraint: 'users_email_lower_unique',
  });
  await expect(database('users').insert(user('aNN', 'a@example.org'))).rejects.toMatchObject({
    constraint: 'users_username_lower_unique',
  });
});
