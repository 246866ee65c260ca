import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { withHeartbeat } from './heartbeat';
import { requireInput, resetIdInput } from './run-input';
import { writeResetMail } from './reset-mail';
import type { Logger } from '../platform/logger';
import { MailError } from '../shared/mail-error';
import type { Mailer } from '../platform/mail/mailer';
import type { ResetTokens } from '../platform/passwords/reset-tokens';
import type { PasswordResetRepository } from '../storage/accounts/password-reset-repository';

export interface ResetMailDeps {
  resets: Pick<PasswordResetRepository, 'claimMail' | 'endMail'>;
  /** Undefined if JWT_SECRET_KEY is not set. */
  resetTokens: ResetTokens | undefined;
  mailer: Pick<Mailer, 'send'>;
  frontendUrl: string;
}

/** `over`: used, expired, replaced by a newer one, or without its user. `refused`: no retry will deliver the mail. */
export type ResetMailOutcome = 'sent' | 'over' | 'refused';

/** Heartbeated once the server has accepted the mail: the next try then only records it, and does not send twice. */
const TAKEN = 'taken';

const MESSAGES = {
  otherSecret: 'the reset was asked for under another JWT_SECRET_KEY: its link would not work, and is not mailed',
  repeated: 'an earlier try broke off while it sent this mail: it is sent again, under the same message id',
};

/** The reason goes to Temporal, so it names neither address nor link. The server's answer stays in the log. */
const mailNotSent = (reason: string) => ApplicationFailure.retryable(reason, 'MailNotSent');

export function createResetMailActivities(deps: ResetMailDeps & { log: Logger }) {
  const { resets, log } = deps;

  async function markSent(resetId: string): Promise<ResetMailOutcome> {
    await resets.endMail(resetId, 'sent');
    log.info({ resetId }, 'the mail with the reset link was sent');
    return 'sent';
  }

  async function markFailed(resetId: string): Promise<ResetMailOutcome> {
    await resets.endMail(resetId, 'failed');
    return 'refused';
  }

  /** Claims the reset and sends its link, if the reset is still valid. */
  async function claimAndSend(resetId: string, onTaken: () => void): Promise<ResetMailOutcome> {
    const { resetTokens } = deps;
    if (!resetTokens) throw mailNotSent('JWT_SECRET_KEY is not set for this worker');
    const claim = await resets.claimMail(resetId);
    if (claim.kind === 'mailed') return 'sent';
    if (claim.kind === 'failed') return 'refused';
    if (claim.kind !== 'live') return 'over';
    const { reset } = claim;
    if (resetTokens.hashOf(resetId) !== reset.tokenHash) {
      const outcome = await markFailed(resetId);
      log.error({ resetId }, MESSAGES.otherSecret);
      return outcome;
    }
    if (reset.isUncertain) log.warn({ resetId }, MESSAGES.repeated);
    const mail = writeResetMail(reset, { id: resetId, token: resetTokens.tokenOf(resetId) }, deps.frontendUrl);
    try {
      await deps.mailer.send(mail, Context.current().cancellationSignal);
      onTaken();
    } catch (error) {
      return afterSendFailure(resetId, error as Error);
    }
    return markSent(resetId);
  }

  async function afterSendFailure(resetId: string, error: Error): Promise<ResetMailOutcome> {
    log.warn({ err: error, resetId }, 'the mail with the reset link was not sent');
    const mailError = error instanceof MailError ? error : undefined;
    if (mailError?.kind === 'refused') return markFailed(resetId);
    if (mailError && !mailError.isUncertain) await resets.endMail(resetId, 'pending');
    throw mailNotSent(`The mail was not sent: ${mailError?.kind ?? error.name}`);
  }

  return {
    /** One try to mail the link. It fails if another try may succeed, and returns once the reset is over. */
    async sendResetMail(given: unknown): Promise<ResetMailOutcome> {
      const resetId = requireInput('mailPasswordReset', resetIdInput, given);
      const context = Context.current();
      let details = context.info.heartbeatDetails as string | undefined;
      const onTaken = () => context.heartbeat((details = TAKEN));
      return withHeartbeat(
        context,
        () => details,
        () => (details === TAKEN ? markSent(resetId) : claimAndSend(resetId, onTaken)),
      );
    },
  };
}
