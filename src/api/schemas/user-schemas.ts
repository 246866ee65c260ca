import { z } from 'zod';
import { ROLES } from '../access-levels';
import { datetime } from './common-schemas';
import { boolean, id, integer } from './request-values';
import type { UserColumn, UserQuery } from '../../storage/accounts/user-repository';

export const userBody = z
  .object({
    id: z.int(),
    email: z.string(),
    username: z.string(),
    full_name: z.string().nullable(),
    age: z.int().nullable(),
    is_active: z.boolean(),
    is_superuser: z.boolean().describe('Has the role admin'),
    role: z.enum(ROLES).nullable().describe('Null: reads scraped content, and nothing of tasks'),
    created_at: datetime,
    updated_at: datetime,
  })
  .meta({ id: 'User' });
export type UserBody = z.infer<typeof userBody>;
export const userList = z.array(userBody);

/** Longer passwords are refused, not hashed. */
const MAX_PASSWORD_LENGTH = 1_000;
const age = z.int().min(0).max(150).nullable();
const newPassword = z
  .string()
  .max(MAX_PASSWORD_LENGTH)
  .describe('8 characters or more, and none of the commonest')
  .meta({ minLength: 8 });
export const fields = {
  // RFC 5321: at most 64 characters before the @.
  email: z
    .email('Input should be a valid e-mail address')
    .refine((text) => text.lastIndexOf('@') <= 64, 'Input should be a valid e-mail address')
    .max(255)
    .describe('Kept in the case it is given in, but for the domain; one that differs by case only is the same'),
  username: z
    .string()
    .min(3)
    .max(50)
    .regex(/^[A-Za-z0-9_-]+$/)
    .describe('One that differs by case only is the same'),
  full_name: z.string().max(255).nullable(),
  newPassword,
  // zod counts an emoji as two characters, so the second check counts code points. One error is enough.
  longNewPassword: newPassword
    .min(8)
    .refine((text) => text.length < 8 || [...text].length >= 8, 'String should have at least 8 characters'),
};

export const registerBody = z.object({
  email: fields.email,
  username: fields.username,
  password: fields.newPassword,
  full_name: fields.full_name.default(null),
  age: integer(age.default(null)),
});
export type RegisterBody = z.infer<typeof registerBody>;

interface Rights {
  role?: unknown;
  is_superuser?: unknown;
}
/** `role` and `is_superuser` must not contradict each other. */
const agreeOnRole = (body: Rights | null | undefined) =>
  body?.role === undefined || typeof body.is_superuser !== 'boolean' || (body.role === 'admin') === body.is_superuser;
/** The check runs even when fields are invalid, so that the response lists all errors. */
const disagreement = {
  path: ['is_superuser'],
  message: 'Contradicts role: the role admin and is_superuser are the same',
  when: () => true,
};

export const createUserBody = registerBody
  .extend({
    is_active: boolean(z.boolean().default(true)),
    is_superuser: boolean(z.boolean().optional()).describe('true: the role admin'),
    role: z.enum(ROLES).nullable().optional(),
  })
  .refine(agreeOnRole, disagreement);
export type CreateUserBody = z.infer<typeof createUserBody>;

/** Omitted fields stay as they are. */
const updateFields = z.object({
  email: fields.email.optional(),
  username: fields.username.optional(),
  password: fields.longNewPassword.optional().describe('Ends all sessions of the user'),
  full_name: fields.full_name.optional(),
  age: integer(age.optional()),
  is_active: boolean(z.boolean().optional()).describe('Only admins change it; false ends all sessions of the user'),
  is_superuser: boolean(z.boolean().optional()).describe(
    'Only admins change it. true: the role admin; false: no longer admin, another role stays',
  ),
  role: z.enum(ROLES).nullable().optional().describe('Only admins change it'),
});
export const updateUserBody = updateFields.refine(agreeOnRole, disagreement);
export type UpdateUserBody = z.infer<typeof updateUserBody>;

const SORT_COLUMNS = [
  'id',
  'email',
  'username',
  'full_name',
  'age',
  'is_active',
  'is_superuser',
  'role',
  'created_at',
  'updated_at',
] as const satisfies readonly UserColumn[];
const toOrder = (text: string): UserQuery['order'] => {
  const column = SORT_COLUMNS.find((name) => name === text.replace(/^-/, ''));
  return column ? [{ column, direction: text.startsWith('-') ? 'desc' : 'asc' }] : [];
};
const sortBy = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.string()).max(20).default([]))
  .transform((texts) => texts.flatMap(toOrder))
  .describe(`${SORT_COLUMNS.join(', ')}; with - in front the other way round. Unknown ones are ignored`);

export const listUsersQuery = z.object({
  name: z.string().min(2).optional().describe('Part of user name or full name, in any case'),
  email: z.string().optional().describe('Part of the e-mail, in any case'),
  age: integer(z.int().min(0).max(150).optional()),
  is_active: boolean(z.boolean().optional()).describe('Left out: all to admins, the active ones to others'),
  sort_by: sortBy,
});
export type ListUsersQuery = z.infer<typeof listUsersQuery>;

export const userParams = z.object({ user_id: id() });
