import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PermanentTaskError, type EndedRun, type TaskContext } from '../task-type';
import type { Mail } from '../../platform/mail/mailer';
import type { MailError } from '../../platform/mail/mail-error';
import type { MailDelivery } from '../ports/mail-ledger';

/**
 * `already_sent`: by an attempt before this one. Of a run that did not end well also `deferred` (not taken, or not tried
 * yet), and `uncertain`: the copy was on its way, and nobody heard whether it was taken.
 */
export interface RecipientOutcome {
  to: string;
  status: 'sent' | 'failed' | 'already_sent' | 'deferred' | 'uncertain';
  response: string | null;
  message_id: string;
}
type Letter = Omit<Mail, 'recipient' | 'key'>;

/** Copies that the server has taken, or refused, and that the ledger may not know of yet: a database that goes away at that moment does not make two of one. */
const cursorSchema = z
  .array(
    z.object({
      recipient: z.string(),
      state: z.enum(['sent', 'failed']),
      messageId: z.string(),
      response: z.string().nullable(),
    }),
  )
  .catch([]);

const isMailError = (error: unknown): error is MailError => error instanceof Error && error.name === 'MailError';

/** Tells the same copy of the same run from every other one, in this database and any that comes after it. */
const keyOf = ({ executionId, startedAt }: EndedRun, recipient: string) =>
  `run-${executionId}-${startedAt.getTime().toString(36)}-${createHash('sha256').update(recipient.toLowerCase()).digest('hex').slice(0, 16)}`;

/** Sends each recipient's copy that is not sent yet. Throws when some can be sent only later. */
export async function deliver(context: TaskContext, recipients: string[], letter: Letter): Promise<RecipientOutcome[]> {
  const { executionId, signal, log } = context;
  const { mailer, deliveries } = context.services;
  let unrecorded: MailDelivery[] = cursorSchema.parse(context.cursor ?? []);
  const before = new Map(
    [...(await deliveries.list(executionId)), ...unrecorded].map((delivery) => [delivery.recipient, delivery]),
  );
  const outcomes: RecipientOutcome[] = [];
  const deferred: string[] = [];
  // In one statement what became of the last copy, and that the next is on its way: between the two nothing can be lost.
  const record = async (...next: MailDelivery[]) => {
    await deliveries.record(executionId, [...unrecorded, ...next]);
    unrecorded = [];
  };
  const note = (delivery: MailDelivery) => {
    unrecorded.push(delivery);
    context.saveCursor(unrecorded.filter(({ state }) => state !== 'deferred'));
  };

  for (const recipient of recipients) {
    const known = before.get(recipient);
    if (known && (known.state === 'sent' || known.state === 'failed')) {
      outcomes.push({
        to: recipient,
        status: known.state === 'sent' ? 'already_sent' : 'failed',
        response: known.response,
        message_id: known.messageId,
      });
      continue;
    }
    const key = keyOf(context, recipient);
    const messageId = mailer.messageIdOf(key);
    if (known?.state === 'sending')
      log.warn(
        { executionId, messageId },
        'an earlier attempt broke off while it sent this copy: it is sent again, under the same message id',
      );
    if (signal.aborted) break;
    await record({ recipient, state: 'sending', messageId, response: null });
    try {
      const { response } = await mailer.send({ ...letter, recipient, key }, signal);
      outcomes.push({ to: recipient, status: 'sent', response, message_id: messageId });
      note({ recipient, state: 'sent', messageId, response });
    } catch (error) {
      if (!isMailError(error)) throw error;
      const response = error.response ?? error.message;
      if (error.kind === 'refused') outcomes.push({ to: recipient, status: 'failed', response, message_id: messageId });
      if (error.kind === 'deferred') deferred.push(`${recipient}: ${response}`);
      if (!error.isUncertain)
        note({ recipient, state: error.kind === 'refused' ? 'failed' : 'deferred', messageId, response });
      if (error.kind === 'refused' || error.kind === 'deferred') continue;
      await record();
      throw error.kind === 'unconfigured' ? new PermanentTaskError(error.message) : error;
    }
  }
  await record();
  signal.throwIfAborted();
  if (deferred.length > 0)
    throw new DeferredMailError(
      `${countByStatus(outcomes).sent} of ${recipients.length} copies are sent; not yet taken are ${deferred.join('; ')}`,
    );
  return outcomes;
}

/** What the ledger knows of each copy when no attempt is left. */
export async function listOutcomes(run: EndedRun, recipients: string[]): Promise<RecipientOutcome[]> {
  const { deliveries, mailer } = run.services;
  const known = new Map((await deliveries.list(run.executionId)).map((delivery) => [delivery.recipient, delivery]));
  return recipients.map((to) => {
    const { state = 'deferred', response = null, messageId = mailer.messageIdOf(keyOf(run, to)) } = known.get(to) ?? {};
    return { to, status: state === 'sending' ? 'uncertain' : state, response, message_id: messageId };
  });
}

class DeferredMailError extends Error {
  override readonly name = 'DeferredMailError';
}

/** How many have it, and how many never will. */
export function countByStatus(outcomes: RecipientOutcome[]): { sent: number; failed: number } {
  const failed = outcomes.filter((one) => one.status === 'failed').length;
  return { sent: outcomes.length - failed, failed };
}
