import { Algorithm, hash, verify } from '@node-rs/argon2';

// OWASP's recommendation for Argon2id; memoryCost is in KiB.
const OPTIONS = { algorithm: Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export async function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

/** False for a wrong password, and for a stored text that is no hash at all. */
export async function verifyPassword(hashed: string, password: string): Promise<boolean> {
  return verify(hashed, password).catch(() => false);
}
