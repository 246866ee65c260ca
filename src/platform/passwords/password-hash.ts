import { Algorithm, hash, verify } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import { isGuessable } from './password-guesses';

// OWASP's recommendation for Argon2id; memoryCost is in KiB.
const OPTIONS = { algorithm: Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const PREFIX = `$argon2id$v=19$m=${OPTIONS.memoryCost},t=${OPTIONS.timeCost},p=${OPTIONS.parallelism}$`;

/** Runs on the library's own threads, like `verifyPassword`, so that other requests are not delayed. */
export async function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

/**
 * Compares with Argon2id and bcrypt (the predecessor's) hashes. False for a wrong password and for a stored text that
 * is no hash.
 */
export async function verifyPassword(hashed: string, password: string): Promise<boolean> {
  const isBcrypt = /^\$2[abxy]\$/.test(hashed);
  return (isBcrypt ? verifyBcrypt(password, hashed) : verify(hashed, password)).catch(() => false);
}

/** Whether a correct password should be hashed again, because its hash is bcrypt or has other costs. */
export const isOutdatedHash = (hashed: string): boolean => !hashed.startsWith(PREFIX);

export const passwords = { hash: hashPassword, verify: verifyPassword, isOutdated: isOutdatedHash, isGuessable };
