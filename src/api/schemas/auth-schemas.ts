import { z } from 'zod';
import { datetime } from './common-schemas';
import { boolean } from './request-values';

export const loginBody = z.object({
  username: z.string().min(1).describe('User name or e-mail'),
  password: z.string().min(6),
  remember_me: boolean(z.boolean().default(false)).describe('The access token then lives for a day'),
});

export const tokenPair = z
  .object({ access_token: z.string(), refresh_token: z.string(), token_type: z.literal('bearer'), expires_at: datetime.describe('When the access token expires') })
  .meta({ id: 'TokenPair' });
export type TokenPair = z.infer<typeof tokenPair>;

export const userBody = z
  .object({
    id: z.int(),
    email: z.string(),
    username: z.string(),
    full_name: z.string().nullable(),
    age: z.int().nullable(),
    is_active: z.boolean(),
    is_superuser: z.boolean(),
    created_at: datetime,
    updated_at: datetime,
  })
  .meta({ id: 'User' });
export type UserBody = z.infer<typeof userBody>;
