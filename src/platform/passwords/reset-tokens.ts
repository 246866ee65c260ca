import { createHash, createHmac, hkdfSync } from 'node:crypto';

export type ResetTokens = ReturnType<typeof createResetTokens>;

/**
 * The token of a password reset follows from the reset's id and the secret, so that nobody has to carry it: the API stores
 * its hash, and the worker that mails the link makes it again. Another secret makes another token, which no row knows.
 */
export function createResetTokens(secret: string) {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'taskloom password reset', 32));
  const tokenOf = (resetId: string) => createHmac('sha256', key).update(resetId).digest('base64url');
  return { tokenOf, hashOf: (resetId: string) => createHash('sha256').update(tokenOf(resetId)).digest('hex') };
}
