import { proxyActivities } from '@temporalio/workflow';
import { HEARTBEAT_TIMEOUT, RETRY_FOREVER } from './activity-options';
import type { Activities } from '../activities';
import type { ResetMailOutcome } from '../activities/reset-mail-activities';

const { sendResetMail } = proxyActivities<Pick<Activities, 'sendResetMail'>>({
  // Longer than the mailer's limit for one mail: a second try must not begin while the first is running.
  startToCloseTimeout: '2m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  // The activity ends by itself when the reset expires, after an hour; this limits a longer database outage.
  scheduleToCloseTimeout: '3h',
  retry: RETRY_FOREVER,
});

/**
 * Mails the link of a password reset as soon as the mail server is available. Its history contains only the reset's id.
 */
export async function mailPasswordReset(resetId: string): Promise<ResetMailOutcome> {
  return sendResetMail(resetId);
}
