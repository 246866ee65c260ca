import { BaseModel } from './base-model';

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
