import { setTimeout as sleep } from 'node:timers/promises';
import type { UserRepository } from '../../../storage/accounts/user-repository';

/**
 * A hash of the predecessor's (bcrypt, cost 12) takes 250 to 400 ms to compare, ours 25 ms: that would tell which names are
 * accounts. Longer than the slowest of them, with room for a busy machine.
 */
const FLOOR_MS = 600;

export type FailedLoginDelay = ReturnType<typeof createFailedLoginDelay>;

/** As long as anybody has a hash of the predecessor's, no failed login is answered earlier than any other; afterwards nobody waits. */
export function createFailedLoginDelay({ users }: { users: Pick<UserRepository, 'hasBcryptHashes'> }) {
  return async (beganAtMs: number): Promise<void> => {
    if (await users.hasBcryptHashes()) await sleep(Math.max(0, beganAtMs + FLOOR_MS - performance.now()));
  };
}
