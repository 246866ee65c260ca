import { BaseModel } from '../sql/base-model';
import type { ColumnsOf } from '../sql/prepared-statement';

/** What a user may do beyond reading content, in ascending order. */
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
  /** Null after registration, until an admin gives a role. The column is_superuser is derived from it. */
  declare role: Role | null;
  /**
   * Sessions of an earlier version are invalid. Incrementing it ends them all, in the same statement as the change that
   * requires it.
   */
  declare sessionVersion: number;
  /**
   * Another user has the same name in another case, from before that was refused: only the exact spelling finds this
   * one.
   */
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
