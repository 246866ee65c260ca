import { BaseModel } from '../sql/base-model';
import type { ColumnsOf } from '../sql/prepared-statement';

/** What a user may do beyond what every user may, from little to all. */
export type Role = 'viewer' | 'operator' | 'admin';

export class User extends BaseModel {
  static override tableName = 'users';

  declare id: number;
  declare email: string;
  declare username: string;
  declare hashedPassword: string;
  declare fullName: string | null;
  declare age: number | null;
  declare isActive: boolean;
  /** Null for who has registered and was given no role yet. The column is_superuser follows from it. */
  declare role: Role | null;
  /** Sessions of an earlier version are over: growing it ends them all, in the same statement as the change that calls for it. */
  declare sessionVersion: number;
  /** Others spelt it so but for case when that was not refused yet: this user is found by the exact spelling alone. */
  declare isUsernameShared: boolean;
  declare isEmailShared: boolean;
  declare createdAt: Date;
  declare updatedAt: Date;
}

export const USER_COLUMNS: ColumnsOf<User> = {
  id: 'id',
  email: 'email',
  username: 'username',
  hashedPassword: 'hashed_password',
  fullName: 'full_name',
  age: 'age',
  isActive: 'is_active',
  role: 'role',
  sessionVersion: 'session_version',
  isUsernameShared: 'is_username_shared',
  isEmailShared: 'is_email_shared',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
