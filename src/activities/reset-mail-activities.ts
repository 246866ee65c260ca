import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { writeResetMail } from './reset-mail';
import type { Logger } from '../platform/logger';
import type { MailError } from '../platform/mail/mail-error';
import type { Mailer } from '../platform/mail/mailer';
import type { ResetTokens } from '../platform/passwords/reset-tokens';
import type { PasswordResetRepository } from '../storage/accounts/password-reset-repository';

export interface ResetMailDeps {
  resets: Pick<PasswordResetRepository, 'claimMail' | 'endMail'>;
  /** Undefined where the secret is not known. */
  resetTokens: ResetTokens | undefined;
  mailer: Pick<Mailer, 'send'>;
  frontendUrl: string;
}

/** `over`: used, expired, replaced by a newer one, or the user is gone. `refused`: the mail server will never take it. */
export type ResetMailOutcome = 'sent' | 'over' | 'refused';

const HEARTBEAT_INTERVAL_MS = 2_000;
/** Heartbeated once the server has the mail: a database that goes away at that moment does not make it two. */
const TAKEN = 'taken';

/** What goes to Temporal names neither address nor link: the server's answer stays in the log. */
const again = (why: string) => ApplicationFailure.retryable(why, 'MailNotSent');

export function createResetMailActivities(deps: ResetMailDeps & { log: Logger }) {
  const { resets, resetTokens, log } = deps;

  async function trySending(resetId: string, onTaken: () => void): Promise<ResetMailOutcome> {
    const context = Context.current();
    if (context.info.heartbeatDetails === TAKEN) return markSent(resetId);
    if (!resetTokens) throw again('JWT_SECRET_KEY is not set for this worker');
    const claim = await resets.claimMail(resetId);
    if (claim.kind === 'mailed') return 'sent';
    if (claim.kind !== 'live') return claim.kind === 'failed' ? 'refused' : 'over';
    const { reset } = claim;
    if (resetTokens.hashOf(resetId) !== reset.tokenHash) {
      await resets.endMail(resetId, 'failed');
      log.error(
        { resetId },
        'the reset was asked for under another JWT_SECRET_KEY: its link would not work, and is not mailed',
      );
      return 'refused';
    }
    if (reset.isUncertain)
      log.warn(
        { resetId },
        'an earlier try broke off while it sent this mail: it is sent again, under the same message id',
      );
    try {
      await deps.mailer.send(
        writeResetMail(reset, { id: resetId, token: resetTokens.tokenOf(resetId) }, deps.frontendUrl),
        context.cancellationSignal,
      );
      onTaken();
    } catch (error) {
      const { name, kind, isUncertain } = error as Pick<MailError, 'kind' | 'isUncertain'> & { name: string };
      log.warn({ err: error, resetId }, 'the mail with the reset link was not sent');
      if (name === 'MailError' && kind === 'refused') {
        await resets.endMail(resetId, 'failed');
        return 'refused';
      }
      if (name === 'MailError' && !isUncertain) await resets.endMail(resetId, 'pending');
      throw again(`The mail was not sent: ${name === 'MailError' ? kind : name}`);
    }
    return markSent(resetId);
  }

  async function markSent(resetId: string): Promise<ResetMailOutcome> {
    await resets.endMail(resetId, 'sent');
    log.info({ resetId }, 'the mail with the reset link was sent');
    return 'sent';
  }

  return {
    /** One try at the mail with the link. It fails as long as another try may help, and ends by itself when the reset does. */
    async sendResetMail(resetId: string): Promise<ResetMailOutcome> {
      const context = Context.current();
      // Without these a worker that died would be noticed only at the time limit.
      let detail = context.info.heartbeatDetails as string | undefined;
      const beat = setInterval(() => context.heartbeat(detail), HEARTBEAT_INTERVAL_MS);
      try {
        return await trySending(resetId, () => context.heartbeat((detail = TAKEN)));
      } finally {
        clearInterval(beat);
      }
    },
  };
}
