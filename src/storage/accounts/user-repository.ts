import { UniqueViolationError, type Transaction } from 'objection';
import { containing } from '../sql/like-patterns';
import { User, USER_COLUMNS, type Role } from './user';
import { prepareRows } from '../sql/prepared-statement';
import { EmailTakenError, LastAdminError, UsernameTakenError } from '../storage-errors';
import { foldCase } from '../../shared/fold-case';
import type { Database } from '../../platform/postgres/postgres';

export interface NewUser {
  email: string;
  username: string;
  hashedPassword: string;
  fullName: string | null;
  age: number | null;
  isActive: boolean;
  role: Role | null;
}
export interface UserChanges extends Partial<NewUser> {
  /** Takes away the role of an admin; any other stays. */
  isAdmin?: false;
}

export type UserColumn =
  | 'id'
  | 'email'
  | 'username'
  | 'full_name'
  | 'age'
  | 'is_active'
  | 'is_superuser'
  | 'role'
  | 'created_at'
  | 'updated_at';
export interface UserQuery {
  name?: string;
  email?: string;
  age?: number;
  isActive?: boolean;
  order: { column: UserColumn; direction: 'asc' | 'desc' }[];
}

/** As it is stored: the domain in lower case, the part before the @ unchanged. */
function normalizeEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return email.slice(0, at) + email.slice(at).toLowerCase();
}

export type UserRepository = ReturnType<typeof createUserRepository>;

export function createUserRepository(database: Database) {
  const users = User.bindKnex(database);
  const byId = prepareRows(database, 'user-by-id', User, USER_COLUMNS, 'where id = ?');
  const nextVersion = users.raw('session_version + 1');
  const roleWithoutAdmin = users.raw("nullif(role, 'admin')");

  /**
   * By the exact spelling, otherwise in any case. Users who share their spelling with another one (an import from
   * before that was refused) are found by the exact spelling alone.
   */
  const findSpelt = (column: 'username' | 'email', text: string) =>
    users
      .query()
      .where(column, text)
      .orWhere(
        (anyCase) =>
          void anyCase.whereRaw(`lower(${column}) = ?`, [foldCase(text)]).where(`is_${column}_shared`, false),
      )
      .orderByRaw(`${column} = ? desc`, [text])
      .first();
  /** A user stays marked as sharing a spelling only while the new name differs from the old one in case alone. */
  const sharedStill = (column: 'username' | 'email', text: string) =>
    users.raw(`is_${column}_shared and lower(${column}) = ?`, [foldCase(text)]);

  /** When both are taken, reports the e-mail address, whichever constraint the database checked first. */
  const writeUnique = async <Answer>(
    user: { id?: number; email: string | undefined },
    write: () => PromiseLike<Answer>,
  ): Promise<Answer> => {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof UniqueViolationError)) throw error;
      const owner = user.email === undefined ? undefined : await findSpelt('email', user.email);
      const isEmail = error.constraint.startsWith('users_email') || (owner !== undefined && owner.id !== user.id);
      throw isEmail
        ? new EmailTakenError('E-mail is taken', { cause: error })
        : new UsernameTakenError('User name is taken', { cause: error });
    }
  };

  /** Two admins who demote each other at once meet at this lock; the second one is then refused as the last admin. */
  const keepAnAdmin = async (id: number, transaction: Transaction) => {
    const admins = await users
      .query(transaction)
      .where({ role: 'admin', is_active: true })
      .orderBy('id')
      .forUpdate()
      .select('id');
    if (admins.length === 1 && admins[0]?.id === id) throw new LastAdminError('The last active admin stays');
  };

  return {
    async get(id: number): Promise<User | undefined> {
      return (await byId([id]))[0];
    },

    async findByEmail(email: string): Promise<User | undefined> {
      return findSpelt('email', normalizeEmail(email));
    },

    /** By user name first, then by e-mail; each by its exact spelling first, then in any case. */
    async findByLogin(login: string): Promise<User | undefined> {
      const name = login.trim();
      const byName = await findSpelt('username', name);
      if (byName || !name.includes('@')) return byName;
      return findSpelt('email', normalizeEmail(name));
    },

    /** Whether any user has not logged in since the import from the predecessor. */
    async hasBcryptHashes(): Promise<boolean> {
      // The pattern is a literal, because PostgreSQL uses the partial index only for the same condition.
      return (await users.query().whereRaw("hashed_password like '$2%'").select('id').first()) !== undefined;
    },

    async list(query: UserQuery): Promise<User[]> {
      return users.query().modify((builder) => {
        const { name, email, age, isActive } = query;
        if (name !== undefined)
          builder.where(
            (either) =>
              void either.whereILike('username', containing(name)).orWhereILike('full_name', containing(name)),
          );
        if (email !== undefined) builder.whereILike('email', containing(email));
        if (age !== undefined) builder.where('age', age);
        if (isActive !== undefined) builder.where('is_active', isActive);
        for (const { column, direction } of [...query.order, { column: 'id', direction: 'asc' } as const])
          builder.orderBy(column, direction);
      });
    },

    async create(user: NewUser): Promise<User> {
      const email = normalizeEmail(user.email);
      return writeUnique({ email }, () =>
        users
          .query()
          .insert({ ...user, email })
          .returning('*'),
      );
    },

    /**
     * Answers undefined when the user is gone. A new password and a deactivation end all sessions; a deactivation ends
     * the API keys too, for good.
     */
    async update(id: number, { isAdmin, ...changes }: UserChanges): Promise<User | undefined> {
      const email = changes.email === undefined ? undefined : normalizeEmail(changes.email);
      const endsAdmin = isAdmin === false || (changes.role !== undefined && changes.role !== 'admin');
      const endsSessions = changes.hashedPassword !== undefined || changes.isActive === false;
      return writeUnique({ id, email }, () =>
        users.transaction(async (transaction) => {
          if (changes.isActive === false || endsAdmin) await keepAnAdmin(id, transaction);
          const { username } = changes;
          const spellings = {
            ...(username === undefined ? {} : { isUsernameShared: sharedStill('username', username) }),
            ...(email === undefined ? {} : { email, isEmailShared: sharedStill('email', email) }),
          };
          const patch = {
            ...changes,
            ...spellings,
            ...(isAdmin === false ? { role: roleWithoutAdmin } : {}),
            ...(endsSessions ? { sessionVersion: nextVersion } : {}),
            updatedAt: new Date(),
          };
          // An open reset link was requested under the old e-mail address or password.
          if (email !== undefined || changes.hashedPassword !== undefined)
            await transaction('password_resets').where({ user_id: id }).del();
          const updated = await users.query(transaction).findById(id).patch(patch).returning('*').first();
          // After the patch, which waits for a key that is being created, so that this one is deleted too.
          if (changes.isActive === false) await transaction('api_keys').where({ user_id: id }).del();
          return updated;
        }),
      );
    },

    async remove(id: number): Promise<User | undefined> {
      return users.transaction(async (transaction) => {
        await keepAnAdmin(id, transaction);
        return users.query(transaction).deleteById(id).returning('*').first();
      });
    },

    /** Ends all sessions and returns the changed user. */
    async endSessions(id: number): Promise<User | undefined> {
      return users.query().findById(id).patch({ sessionVersion: nextVersion }).returning('*').first();
    },

    /** Stores another hash of the same password, unless the password was changed meanwhile. */
    async replaceHash(id: number, before: string, after: string): Promise<void> {
      await users.query().findById(id).where('hashed_password', before).patch({ hashedPassword: after });
    },
  };
}
