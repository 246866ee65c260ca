import { randomBytes } from 'node:crypto';
import type { Config } from '../platform/config';
import { hashPassword } from '../platform/passwords/password-hash';
import type { Database } from '../platform/postgres/postgres';
import { StartError } from '../platform/startup/start-error';

export interface NewSuperuser {
  username: string;
  email: string;
  password: string;
}

interface UserRow {
  id: number;
  username: string;
  email: string;
  hashed_password: string;
  is_active: boolean;
  role: string | null;
}

/** Throws a StartError when the name or the e-mail is taken. */
export async function createSuperuser(database: Database, user: NewSuperuser): Promise<void> {
  const at = user.email.lastIndexOf('@');
  const email = user.email.slice(0, at) + user.email.slice(at).toLowerCase();
  const row = {
    username: user.username,
    email,
    hashed_password: await hashPassword(user.password),
    is_active: true,
    role: 'admin',
  };
  const inserted = await database<UserRow>('users').insert(row).onConflict().ignore().returning('id');
  if (inserted.length === 0)
    throw new StartError(`There is a user named ${user.username} or with the e-mail ${email} already`);
}

export type FirstSuperuser =
  | { kind: 'known'; username: string }
  | { kind: 'created'; username: string; password: string; isPasswordGenerated: boolean }
  /** No admin exists, and none was made: a configured database gets no user with a generated password. */
  | { kind: 'missing' };

/**
 * Returns the oldest active admin, or creates the first one. A generated password goes to `keepPassword` before the
 * user is created. `unshown` is a password that an earlier start kept and could not show.
 */
export async function ensureFirstSuperuser(
  database: Database,
  config: Config,
  options: { mayGenerate: boolean; unshown: string | undefined; keepPassword: (password: string) => void },
): Promise<FirstSuperuser> {
  const known = await database<UserRow>('users')
    .where({ role: 'admin', is_active: true })
    .orderBy('id')
    .first('username');
  if (known && options.unshown)
    return { kind: 'created', username: known.username, password: options.unshown, isPasswordGenerated: true };
  if (known) return { kind: 'known', username: known.username };
  const isComplete = Boolean(config.ADMIN_USERNAME && config.ADMIN_EMAIL && config.ADMIN_PASSWORD);
  if (!isComplete && !options.mayGenerate) return { kind: 'missing' };
  const user = superuserOf(config);
  if (!config.ADMIN_PASSWORD) options.keepPassword(user.password);
  await createSuperuser(database, user);
  const { username, password } = user;
  return { kind: 'created', username, password, isPasswordGenerated: !config.ADMIN_PASSWORD };
}

/** The superuser that the variables describe; what they leave out gets a default or is generated. */
function superuserOf(config: Config): NewSuperuser {
  const username = config.ADMIN_USERNAME ?? 'admin';
  return {
    username,
    email: config.ADMIN_EMAIL ?? `${username}@taskloom.local`,
    password: config.ADMIN_PASSWORD ?? randomBytes(12).toString('base64url'),
  };
}
