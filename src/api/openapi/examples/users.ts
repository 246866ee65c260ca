import type { z } from 'zod';
import type { createUserBody, registerBody, updateUserBody, UserBody } from '../../schemas/user-schemas';
import { AT, type Examples } from './example';

export const newUser = {
  email: 'ada@example.com',
  username: 'ada',
  password: 'a long phrase of hers',
  full_name: 'Ada Lovelace',
  age: 36,
};

const user = {
  id: 5,
  email: newUser.email,
  username: newUser.username,
  full_name: newUser.full_name,
  age: newUser.age,
  is_active: true,
  is_superuser: false,
  role: null,
  created_at: AT,
  updated_at: AT,
} satisfies UserBody;

export const userExamples: Examples = {
  'post /api/v1/auth/register': { request: newUser satisfies z.input<typeof registerBody>, answer: user },
  'post /api/v1/users': {
    request: { ...newUser, role: 'operator' } satisfies z.input<typeof createUserBody>,
    answer: { ...user, role: 'operator' } satisfies UserBody,
  },
  'get /api/v1/users/{user_id}': { answer: user },
  'patch /api/v1/users/{user_id}': {
    request: { full_name: 'Ada King', age: null } satisfies z.input<typeof updateUserBody>,
    answer: { ...user, full_name: 'Ada King', age: null, updated_at: AT } satisfies UserBody,
  },
};
