import { setTimeout as sleep } from 'node:timers/promises';
import type { UserRepository } from '../../../storage/accounts/user-repository';

/**
 * A bcrypt hash of the predecessor (cost 12) takes 250 to 400 ms to compare, an argon2id hash 25 ms: the difference
 * would reveal which names are accounts. The minimum is above the slowest comparison, with a margin for a busy machine.
 */
const MIN_FAILURE_MS = 600;

export type FailedLoginDelay = ReturnType<typeof createFailedLoginDelay>;

/** Delays failed logins to the same minimum time, for as long as any user still has a bcrypt hash. */
export function createFailedLoginDelay({ users }: { users: Pick<UserRepository, 'hasBcryptHashes'> }) {
  return async (beganAtMs: number): Promise<void> => {
    if (await users.hasBcryptHashes()) await sleep(Math.max(0, beganAtMs + MIN_FAILURE_MS - performance.now()));
  };
}
