import { createHash, createHmac, hkdfSync } from 'node:crypto';

export type ResetTokens = ReturnType<typeof createResetTokens>;

/**
 * The token of a password reset. It is derived from the reset's id and the secret, so it is never transported: the API
 * stores its hash, and the worker that mails the link derives it again. Another secret gives another token, which
 * matches no row.
 */
export function createResetTokens(secret: string) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'taskloom password reset', 32));
  const tokenOf = (resetId: string) => createHmac('sha256', key).update(resetId).digest('base64url');
  return { tokenOf, hashOf: (resetId: string) => createHash('sha256').update(tokenOf(resetId)).digest('hex') };
}
