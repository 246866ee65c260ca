import { randomUUID } from 'node:crypto';
import { BadRequestError } from '../../errors';
import { hashToken } from './token-service';
import type { FastifyBaseLogger } from 'fastify';
import type { ResetTokens } from '../../../platform/passwords/reset-tokens';
import type { PasswordResetRepository } from '../../../storage/accounts/password-reset-repository';
import type { UserRepository } from '../../../storage/accounts/user-repository';
import type { RateLimits } from './rate-limits';
import type { PasswordPolicy } from './password-policy';
import type { SessionService } from './session-service';

const LIFETIME_SECONDS = 60 * 60;
const UNUSABLE_TOKEN = 'The reset token is unknown, used or expired';

interface Deps {
  users: UserRepository;
  resets: PasswordResetRepository;
  sessions: SessionService;
  passwords: { hash(password: string): Promise<string> };
  validatePassword: PasswordPolicy;
  limits: RateLimits;
  resetTokens: ResetTokens;
  /** Starts the workflow that mails the link. */
  startMail: (resetId: string) => Promise<unknown>;
  log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}
export type PasswordResetService = ReturnType<typeof createPasswordResetService>;

export function createPasswordResetService(deps: Deps) {
  const { users, resets, limits, log } = deps;
  const pendingRequests = new Set<Promise<void>>();

  const mailLink = async (email: string): Promise<void> => {
    const user = await users.findByEmail(email);
    if (!user?.isActive || !(await limits.mayMail(user.email))) return;
    const id = randomUUID();
    await resets.create(user.id, { id, tokenHash: deps.resetTokens.hashOf(id) }, LIFETIME_SECONDS);
    await deps
      .startMail(id)
      .catch((error: unknown) =>
        log.warn(
          { err: error, resetId: id },
          'the mail with the reset link is not on its way yet; reconcile will see to it',
        ),
      );
  };

  /** Only wrong tokens are counted, so that users behind one address do not delay each other's resets. */
  const refuse = async (address: string): Promise<never> => {
    await limits.count('reset address', address);
    throw new BadRequestError(UNUSABLE_TOKEN);
  };

  return {
    /**
     * Returns before the user is looked up: neither the answer nor its time reveals whether the address is known, or
     * has had enough mails.
     */
    async request(email: string, address: string): Promise<void> {
      await limits.attempt('forgot address', address);
      const work = mailLink(email)
        .catch((error: unknown) => log.error({ err: error }, 'a password reset that was asked for could not be stored'))
        .finally(() => pendingRequests.delete(work));
      pendingRequests.add(work);
    },

    /** Resolves when all requested resets are stored. */
    async settle(): Promise<void> {
      await Promise.all(pendingRequests);
    },

    async isUsable(token: string, address: string): Promise<boolean> {
      await limits.check('reset address', address);
      const isKnown = (await resets.findUser(hashToken(token))) !== undefined;
      if (!isKnown) await limits.count('reset address', address);
      return isKnown;
    },

    async reset(token: string, newPassword: string, address: string): Promise<void> {
      await limits.check('reset address', address);
      const userId = await resets.findUser(hashToken(token));
      const user = userId === undefined ? undefined : await users.get(userId);
      if (!user?.isActive) return refuse(address);
      const error = deps.validatePassword(newPassword, user);
      if (error) throw new BadRequestError(error);
      const changed = await resets.use(hashToken(token), await deps.passwords.hash(newPassword));
      if (changed === undefined) return refuse(address);
      await deps.sessions.deleteAll(changed);
    },
  };
}
