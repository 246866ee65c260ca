import { randomBytes } from 'node:crypto';
import { hashToken } from './token-service';

const FORM = /^tlk_[\da-f]{8}_[\da-f]{64}$/;

/** Meant for an API key, well-formed or not. No JWT begins so. */
export const isMeantAsApiKey = (token: string) => token.startsWith('tlk_');
export const isApiKeyForm = (token: string) => FORM.test(token);

/**
 * What a database keeps of a key. One round of SHA-256 is right here, and argon2 would be wrong: slow hashes make up for
 * passwords that can be guessed, while 256 random bits cannot, however fast the guesses are. And each request pays for it.
 */
export const hashApiKey = hashToken;

/** Letters, digits and underscores, so that a double click selects all of it and no shell or header minds. */
export function createApiKey(): { key: string; prefix: string } {
  const prefix = `tlk_${randomBytes(4).toString('hex')}`;
  return { key: `${prefix}_${randomBytes(32).toString('hex')}`, prefix };
}
