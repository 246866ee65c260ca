import { User } from './models/user';
import type { Database } from '../platform/postgres';

export type UserRepository = ReturnType<typeof createUserRepository>;

export function createUserRepository(database: Database) {
  const users = User.bindKnex(database);

  return {
    async get(id: number): Promise<User | undefined> {
      return users.query().findById(id);
    },

    /** By user name first, then by e-mail (whose domain is stored in lower case). */
    async findByLogin(login: string): Promise<User | undefined> {
      const byName = await users.query().findOne({ username: login });
      if (byName || !login.includes('@')) return byName;
      const at = login.lastIndexOf('@');
      return users.query().findOne({ email: login.slice(0, at) + login.slice(at).toLowerCase() });
    },
  };
}
