import { z } from 'zod';
import { datetime } from './common-schemas';
import { boolean } from './request-values';

export const loginBody = z.object({
  username: z.string().min(1).describe('User name or e-mail'),
  password: z.string().min(6),
  remember_me: boolean(z.boolean().default(false)).describe('The access token then lives for a day'),
});

export const refreshBody = z.object({ refresh_token: z.string() });
export const revokeBody = z.object({
  token: z.string(),
  token_type: z.string().default('refresh_token').describe('Anything else is ignored'),
});

export const tokenPair = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    token_type: z.literal('bearer'),
    expires_at: datetime.describe('When the access token expires'),
  })
  .meta({ id: 'TokenPair' });
export type TokenPair = z.infer<typeof tokenPair>;

export const session = z
  .object({
    id: z.string(),
    created_at: datetime.describe('When it was signed in'),
    expires_at: datetime.describe('Its absolute end'),
    refreshed_at: datetime.nullable(),
    user_agent: z.string().nullable(),
    address: z.string(),
    is_current: z.boolean().describe('The one that asks'),
  })
  .meta({ id: 'Session' });
export type SessionBody = z.infer<typeof session>;
export const sessionList = z.array(session);
export const sessionParams = z.object({ id: z.string().min(1).max(100) });
