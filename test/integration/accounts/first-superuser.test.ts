import { readConfig } from '../../../src/platform/config';
import { verifyPassword } from '../../../src/platform/passwords/password-hash';
import { createSuperuser, ensureFirstSuperuser } from '../../../src/stack/first-superuser';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';

describe('the first superuser', () => {
  let db: TestDatabase;
  let kept: string | undefined;
  useTestDatabase('test', (created) => (db = created));
  beforeEach(() => void (kept = undefined));
  const ensure = (env: Record<string, string>, mayGenerate: boolean, unshown?: string) =>
    ensureFirstSuperuser(db.database, readConfig(env), {
      mayGenerate,
      unshown,
      keepPassword: (password) => (kept = password),
    });
  const ADMIN = { ADMIN_USERNAME: 'root_1', ADMIN_EMAIL: 'Root@Example.ORG', ADMIN_PASSWORD: 'correct horse' };

  it('is generated on the embedded stack, and told only once', async () => {
    const made = await ensure({}, true);
    expect(made).toMatchObject({ kind: 'created', username: 'admin', isPasswordGenerated: true });
    expect(kept).toBe(made.kind === 'created' && made.password);
    const row = await db.database('users').first();
    expect(row).toMatchObject({ username: 'admin', is_superuser: true, is_active: true });
    expect(await verifyPassword(row.hashed_password, kept!)).toBe(true);
    expect(await ensure({}, true)).toEqual({ kind: 'known', username: 'admin' });
  });

  it('is told at the next start when the first one did not get to it', async () => {
    await ensure({}, true);
    expect(await ensure({}, true, kept)).toEqual({
      kind: 'created',
      username: 'admin',
      password: kept,
      isPasswordGenerated: true,
    });
  });

  it('is what the variables say, with the domain of the e-mail in lower case', async () => {
    expect(await ensure(ADMIN, false)).toEqual({
      kind: 'created',
      username: 'root_1',
      password: 'correct horse',
      isPasswordGenerated: false,
    });
    expect(kept).toBeUndefined();
    expect(await db.database('users').first('username', 'email')).toEqual({
      username: 'root_1',
      email: 'Root@example.org',
    });
  });

  it('is not made up on a database of somebody else', async () => {
    expect(await ensure({ ADMIN_USERNAME: 'root_1' }, false)).toEqual({ kind: 'missing' });
    expect(await db.database('users')).toEqual([]);
  });

  it('does not take over the name of an ordinary user', async () => {
    await db.database('users').insert({ username: 'root_1', email: 'other@example.org', hashed_password: 'x' });
    await expect(
      createSuperuser(db.database, { username: 'root_1', email: 'new@example.org', password: 'correct horse' }),
    ).rejects.toThrow(/root_1/);
    expect(await db.database('users').pluck('is_superuser')).toEqual([false]);
  });
});
