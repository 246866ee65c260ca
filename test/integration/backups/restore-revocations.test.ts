import { createRestore } from '../../../src/backups/restore/restore-backup';
import { migrate, migrationNames } from '../../../src/platform/postgres/postgres';
import { createBackupTest, nameOf, type Result } from '../../support/backup-support';

jest.setTimeout(180_000);

const backups = createBackupTest();

/** Restores a backup over the database that it was made of. */
async function restoreOver(result: Result, options?: { arePasswordsKept: boolean }) {
  const restore = createRestore({
    folder: backups.bench.folder,
    database: backups.db.database,
    migrationNames: migrationNames(),
    migrate,
    report: () => undefined,
  });
  const plan = await restore.plan(nameOf(result), new AbortController().signal);
  return { plan, ...(await restore.restore(plan, options)) };
}

const database = () => backups.db.database;
const user = (username: string) => database()('users').where({ username }).first();
const change = (username: string, changes: object) =>
  database()('users')
    .where({ username })
    .update({ ...changes, updated_at: new Date() });
const addKey = async (username: string, name: string) =>
  database()('api_keys').insert({
    user_id: (await user(username)).id,
    name,
    prefix: 'tl_y',
    key_hash: name.padEnd(64, '-'),
    scope: 'admin',
  });
const keyNames = async () => (await database()('api_keys').orderBy('id')).map(({ name }) => name);

beforeEach(async () => {
  await database()('users').insert(
    ['carl', 'dora', 'emil'].map((name) => ({
      email: `${name}@example.org`,
      username: name,
      hashed_password: 'old',
      role: 'admin',
    })),
  );
});

test('keys, users and roles that were revoked after the backup stay revoked, and changed passwords stay', async () => {
  for (const name of ['anna', 'bert', 'carl']) await addKey(name, `of ${name}`);
  const backup = await backups.bench.run();
  await database()('api_keys').where({ name: 'key' }).delete();
  await change('bert', { is_active: false });
  await database()('users').where({ username: 'carl' }).delete();
  await change('dora', { role: 'viewer', hashed_password: 'new' });
  await database()('users').where({ username: 'emil' }).update({ hashed_password: 'the same one, hashed anew' });

  const { plan, kept } = await restoreOver(backup);
  expect(plan.changedUsers).toEqual(['bert', 'dora']);
  expect(kept).toEqual({
    apiKeys: 3,
    deactivated: ['bert', 'carl'],
    demoted: ['dora'],
    passwordsChanged: ['dora'],
    hasActiveAdmin: true,
  });
  expect(await keyNames()).toEqual(['of anna']);
  expect(await user('bert')).toMatchObject({ is_active: false });
  expect(await user('carl')).toMatchObject({ is_active: false });
  expect(await user('dora')).toMatchObject({ role: 'viewer', is_superuser: false, hashed_password: 'new' });
  expect(await user('emil')).toMatchObject({ role: 'admin', hashed_password: 'old' });
});

test('passwords are those of the backup again on request, and the change is told of', async () => {
  const backup = await backups.bench.run();
  await change('dora', { hashed_password: 'new' });
  const { kept } = await restoreOver(backup, { arePasswordsKept: false });
  expect(kept.passwordsChanged).toEqual(['dora']);
  expect(await user('dora')).toMatchObject({ hashed_password: 'old' });
});

test('what was changed before the backup is as in the backup, and used reset links stay used', async () => {
  const older = await backups.bench.run();
  await database()('password_resets').insert({
    user_id: (await user('anna')).id,
    token_hash: 'x',
    expires_at: new Date(Date.now() + 3_600_000),
  });
  await addKey('anna', 'younger key');
  await database()('users').insert({ email: 'f@example.org', username: 'fred', hashed_password: 'x', role: 'viewer' });
  await change('bert', { is_active: false });
  await change('bert', { is_active: true });
  const newer = await backups.bench.run();
  await database()('password_resets').update({ used_at: new Date() });
  // The database is put back, and then forward again: the key and the user of the newer backup were never revoked.
  await restoreOver(older);
  expect(await keyNames()).toEqual(['key']);
  const { kept } = await restoreOver(newer);
  expect(kept).toMatchObject({ apiKeys: 0, deactivated: [], demoted: [] });
  expect(await keyNames()).toEqual(['key', 'younger key']);
  expect(await user('fred')).toMatchObject({ is_active: true });
  expect(await database()('password_resets')).toMatchObject([{ used_at: expect.any(Date) }]);
});

test('users of another database do not take anything from those of the backup', async () => {
  const backup = await backups.bench.run();
  const before = await Promise.all([database()('users').orderBy('id'), keyNames()]);
  await database()('api_keys').delete();
  await database()('users').delete();
  await database()('users').insert({
    id: before[0][0].id,
    email: 'x@example.org',
    username: 'x',
    hashed_password: 'x',
    is_active: false,
  });
  const { kept } = await restoreOver(backup);
  expect(kept).toMatchObject({ apiKeys: 0, deactivated: [], passwordsChanged: [] });
  expect(await keyNames()).toEqual(before[1]);
});

test('no audit entry is removed by a restore, and the restore has one of its own', async () => {
  const entries = () => database()('audit_log').orderBy('id');
  const backup = await backups.bench.run();
  const entry = { action: 'user.update', target_type: 'user', outcome: 'succeeded', status: 200, address: '::1' };
  await database()('audit_log').insert({ ...entry, request_id: 'later', details: { keep: 'this' } });
  const before = await entries();
  await restoreOver(backup);
  const after = await entries();
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.slice(before.length)).toEqual([
    expect.objectContaining({
      action: 'database.restore',
      target_type: 'backup',
      target_id: nameOf(backup),
      outcome: 'succeeded',
      details: expect.objectContaining({ rows: expect.any(Number), passwords_of: 'now', api_keys_revoked: 0 }),
    }),
  ]);
  // An entry whose id belongs to another entry of the backup gets a new one.
  await database()('audit_log')
    .where({ request_id: 'r' })
    .update({ request_id: 'another', created_at: new Date(0) });
  await restoreOver(backup);
  const ids = (await entries()).map(({ request_id: request }) => request);
  expect(ids).toEqual(expect.arrayContaining(['r', 'another', 'later']));
  expect(ids).toHaveLength(after.length + 2);
});
