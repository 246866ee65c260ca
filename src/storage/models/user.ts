import { BaseModel } from './base-model';
import type { ColumnsOf } from '../prepared-statement';

export class User extends BaseModel {
  static override tableName = 'users';

  declare id: number;
  declare email: string;
  declare username: string;
  declare hashedPassword: string;
  declare fullName: string | null;
  declare age: number | null;
  declare isActive: boolean;
  declare isSuperuser: boolean;
  /** Sessions of an earlier version are over: growing it ends them all, in the same statement as the change that calls for it. */
  declare sessionVersion: number;
  declare createdAt: Date;
  declare updatedAt: Date;
}

export const USER_COLUMNS: ColumnsOf<User> = { id: 'id', email: 'email', username: 'username', hashedPassword: 'hashed_password', fullName: 'full_name', age: 'age', isActive: 'is_active', isSuperuser: 'is_superuser', sessionVersion: 'session_version', createdAt: 'created_at', updatedAt: 'updated_at' };
