import type { TestStack } from '../../support/api-support';
import type { Role } from '../../../src/storage/accounts/user';

/** A user with a role, and a session of theirs that begins now. */
export async function userWithRole(
  { db, api }: Pick<TestStack, 'db' | 'api'>,
  role: Role | null,
  username = `the-${role ?? 'plain-one'}`,
) {
  await db
    .database('users')
    .insert({ username, email: `${username}@example.com`, hashed_password: 'x', role })
    .onConflict('username')
    .ignore();
  const row = await db
    .database('users')
    .where({ username })
    .first<{ id: number; session_version: number }>('id', 'session_version');
  return { id: row.id, ask: api.withToken(await api.signIn(row)) };
}
