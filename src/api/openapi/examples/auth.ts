import type { z } from 'zod';
import type { loginBody, refreshBody, revokeBody, TokenPair } from '../../schemas/auth-schemas';
import type { forgotBody, resetBody, verifyBody } from '../../schemas/password-reset-schemas';
import { AT, type Examples } from './example';
import { newUser } from './users';

export const authExamples: Examples = {
  'post /api/v1/auth/login': {
    request: { username: 'admin', password: 'the password of the first start', remember_me: false } satisfies z.input<
      typeof loginBody
    >,
    answer: {
      access_token: 'eyJhbGciOiJIUzI1NiJ9.…',
      refresh_token: 'eyJhbGciOiJIUzI1NiJ9.…',
      token_type: 'bearer',
      expires_at: AT,
    } satisfies TokenPair,
  },
  'post /api/v1/auth/refresh': {
    request: { refresh_token: 'eyJhbGciOiJIUzI1NiJ9.…' } satisfies z.input<typeof refreshBody>,
  },
  'post /api/v1/auth/revoke': {
    request: { token: 'eyJhbGciOiJIUzI1NiJ9.…', token_type: 'refresh_token' } satisfies z.input<typeof revokeBody>,
  },
  'post /api/v1/auth/forgot-password': { request: { email: newUser.email } satisfies z.input<typeof forgotBody> },
  'post /api/v1/auth/verify-reset-token': {
    request: { token: 'the token of the mail' } satisfies z.input<typeof verifyBody>,
  },
  'post /api/v1/auth/reset-password': {
    request: { token: 'the token of the mail', new_password: 'another long phrase' } satisfies z.input<
      typeof resetBody
    >,
  },
};
