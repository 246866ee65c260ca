import { UniqueViolationError, type Transaction } from 'objection';
import { User, USER_COLUMNS } from './models/user';
import { prepareRows } from './prepared-statement';
import type { Database } from '../platform/postgres';

export interface NewUser {
  email: string;
  username: string;
  hashedPassword: string;
  fullName: string | null;
  age: number | null;
  isActive: boolean;
  isSuperuser: boolean;
}
export type UserChanges = Partial<NewUser>;

export type UserColumn = 'id' | 'email' | 'username' | 'full_name' | 'age' | 'is_active' | 'is_superuser' | 'created_at' | 'updated_at';
export interface UserQuery {
  name?: string;
  email?: string;
  age?: number;
  isActive?: boolean;
  order: { column: UserColumn; direction: 'asc' | 'desc' }[];
}

export class EmailTakenError extends Error {
  override readonly name = 'EmailTakenError';
}
export class UsernameTakenError extends Error {
  override readonly name = 'UsernameTakenError';
}
/** Nobody would be left to undo it. */
export class LastSuperuserError extends Error {
  override readonly name = 'LastSuperuserError';
}

const escapeLike = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** The part before the @ is told apart by case, the domain is not. */
export function normalizeEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return email.slice(0, at) + email.slice(at).toLowerCase();
}

export type UserRepository = ReturnType<typeof createUserRepository>;

export function createUserRepository(database: Database) {
  const users = User.bindKnex(database);
  const byId = prepareRows(database, 'user-by-id', User, USER_COLUMNS, 'where id = ?');
  const nextVersion = users.raw('session_version + 1') as never;

  /** E-mail first, whichever of the two the database has met first. */
  const writeUnique = async <Answer>(user: { id?: number; email: string | undefined }, write: () => PromiseLike<Answer>): Promise<Answer> => {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof UniqueViolationError)) throw error;
      const owner = user.email === undefined ? undefined : await users.query().findOne({ email: user.email });
      const isEmail = error.constraint === 'users_email_unique' || (owner !== undefined && owner.id !== user.id);
      throw isEmail ? new EmailTakenError('E-mail is taken', { cause: error }) : new UsernameTakenError('User name is taken', { cause: error });
    }
  };

  /** Two who take away each other's rights at once meet at this lock; the second finds itself to be the last. */
  const keepASuperuser = async (id: number, transaction: Transaction) => {
    const superusers = await users.query(transaction).where({ is_superuser: true, is_active: true }).orderBy('id').forUpdate().select('id');
    if (superusers.length === 1 && superusers[0]?.id === id) throw new LastSuperuserError('The last active superuser stays');
  };

  return {
    async get(id: number): Promise<User | undefined> {
      return (await byId([id]))[0];
    },

    async findByEmail(email: string): Promise<User | undefined> {
      return users.query().findOne({ email: normalizeEmail(email) });
    },

    /** By user name first, then by e-mail. */
    async findByLogin(login: string): Promise<User | undefined> {
      const byName = await users.query().findOne({ username: login });
      if (byName || !login.includes('@')) return byName;
      return users.query().findOne({ email: normalizeEmail(login) });
    },

    async list(query: UserQuery): Promise<User[]> {
      return users.query().modify((builder) => {
        const { name, email, age, isActive } = query;
        if (name !== undefined) builder.where((either) => void either.whereILike('username', escapeLike(name)).orWhereILike('full_name', escapeLike(name)));
        if (email !== undefined) builder.whereILike('email', escapeLike(email));
        if (age !== undefined) builder.where('age', age);
        if (isActive !== undefined) builder.where('is_active', isActive);
        for (const { column, direction } of [...query.order, { column: 'id', direction: 'asc' } as const]) builder.orderBy(column, direction);
      });
    },

    async create(user: NewUser): Promise<User> {
      const email = normalizeEmail(user.email);
      return writeUnique({ email }, () => users.query().insert({ ...user, email }).returning('*'));
    },

    /** Answers undefined when the user is gone. A new password and a deactivation end all sessions. */
    async update(id: number, changes: UserChanges): Promise<User | undefined> {
      const email = changes.email === undefined ? undefined : normalizeEmail(changes.email);
      const endsSessions = changes.hashedPassword !== undefined || changes.isActive === false;
      return writeUnique({ id, email }, () =>
        users.transaction(async (transaction) => {
          if (changes.isActive === false || changes.isSuperuser === false) await keepASuperuser(id, transaction);
          const patch = { ...changes, ...(email === undefined ? {} : { email }), ...(endsSessions ? { sessionVersion: nextVersion } : {}), updatedAt: new Date() };
          return users.query(transaction).findById(id).patch(patch).returning('*').first();
        }),
      );
    },

    async remove(id: number): Promise<User | undefined> {
      return users.transaction(async (transaction) => {
        await keepASuperuser(id, transaction);
        return users.query(transaction).deleteById(id).returning('*').first();
      });
    },

    /** Ends all sessions; answers the user as he is from now on. */
    async endSessions(id: number): Promise<User | undefined> {
      return users.query().findById(id).patch({ sessionVersion: nextVersion }).returning('*').first();
    },

    /** The same password under another hash, unless the password was changed meanwhile. */
    async replaceHash(id: number, before: string, after: string): Promise<void> {
      await users.query().findById(id).where('hashed_password', before).patch({ hashedPassword: after });
    },
  };
}
