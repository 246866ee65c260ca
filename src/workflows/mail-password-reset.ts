import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { ResetMailOutcome } from '../activities/reset-mail-activities';

const { sendResetMail } = proxyActivities<Pick<Activities, 'sendResetMail'>>({
  // Longer than the mailer's own limit for a mail: a second try must not begin while the first is at work.
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  // A reset ends after an hour, and the activity with it; this only bounds a database that stays away.
  scheduleToCloseTimeout: '3h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Gets the link of a password reset to its user, once the mail server and a worker are there. Knows the reset by its id alone. */
export async function mailPasswordReset(resetId: string): Promise<ResetMailOutcome> {
  return sendResetMail(resetId);
}
