import { randomBytes } from 'node:crypto';
import { hashToken } from './token-service';

const FORM = /^tlk_[\da-f]{8}_[\da-f]{64}$/;

/** Tells API keys, well-formed or not, from JWTs, which never have this prefix. */
export const hasApiKeyPrefix = (token: string) => token.startsWith('tlk_');
export const isWellFormedApiKey = (token: string) => FORM.test(token);

/**
 * The form in which the database stores a key. One round of SHA-256 suffices: slow hashes like argon2 protect
 * passwords, which can be guessed; 256 random bits cannot. And the hash is computed for each request.
 */
export const hashApiKey = hashToken;

/**
 * Letters, digits and underscores only: a double click selects the whole key, and shells and headers need no quoting.
 */
export function createApiKey(): { key: string; prefix: string } {
  const prefix = `tlk_${randomBytes(4).toString('hex')}`;
  return { key: `${prefix}_${randomBytes(32).toString('hex')}`, prefix };
}
