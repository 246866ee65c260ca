import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PermanentTaskError, type EndedRun, type TaskContext } from '../task-type';
import type { Mail } from '../../platform/mail/mailer';
import { MailError } from '../../shared/mail-error';
import type { MailDelivery } from '../ports/mail-ledger';

/**
 * `already_sent`: by an earlier attempt. Only in runs that did not succeed: `deferred` (not accepted, or not tried yet)
 * and `uncertain` (the copy was being sent, and it is unknown whether it was accepted).
 */
export interface RecipientOutcome {
  to: string;
  status: 'sent' | 'failed' | 'already_sent' | 'deferred' | 'uncertain';
  response: string | null;
  message_id: string;
}
type Letter = Omit<Mail, 'recipient' | 'key'>;
type Ledger = Awaited<ReturnType<typeof openLedger>>;

/**
 * Copies that the server has accepted or refused and that may not be in the ledger yet. The cursor keeps them, so that
 * a database outage at that moment does not make the next attempt send a copy twice.
 */
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

const REPEATED = 'an earlier attempt broke off while it sent this copy: it is sent again, under the same message id';

/** Identifies a copy of a run, also among databases: the start time differs when execution ids begin again at 1. */
function keyOf({ executionId, startedAt }: EndedRun, recipient: string): string {
  const hash = createHash('sha256').update(recipient.toLowerCase()).digest('hex').slice(0, 16);
  return `run-${executionId}-${startedAt.getTime().toString(36)}-${hash}`;
}

/** Sends each recipient's copy that is not sent yet. Throws if some copies can be sent only later. */
export async function deliver(context: TaskContext, recipients: string[], letter: Letter): Promise<RecipientOutcome[]> {
  const ledger = await openLedger(context);
  const outcomes: RecipientOutcome[] = [];
  for (const recipient of recipients) {
    const earlier = earlierOutcome(ledger.find(recipient));
    if (!earlier && context.signal.aborted) break;
    outcomes.push(earlier ?? (await sendCopy(context, ledger, letter, recipient)));
  }
  await ledger.record();
  context.signal.throwIfAborted();
  refuseDeferred(outcomes);
  return outcomes;
}

function refuseDeferred(outcomes: RecipientOutcome[]): void {
  const deferred = outcomes.filter(({ status }) => status === 'deferred');
  if (deferred.length === 0) return;
  const { sent } = countSentAndFailed(outcomes);
  const reasons = deferred.map(({ to, response }) => `${to}: ${response}`).join('; ');
  throw new DeferredMailError(`${sent} of ${outcomes.length} copies are sent; not yet taken are ${reasons}`);
}

/** The run's rows of `mail_deliveries`, with the results that are not written yet. */
async function openLedger(context: TaskContext) {
  const { deliveries } = context.services;
  let unrecorded: MailDelivery[] = cursorSchema.parse(context.cursor ?? []);
  const stored = await deliveries.list(context.executionId);
  const known = new Map([...stored, ...unrecorded].map((delivery) => [delivery.recipient, delivery]));
  return {
    /** As it was before this attempt. */
    find: (recipient: string) => known.get(recipient),
    /** Writes the noted results and `next` in one statement, so that nothing is lost between two copies. */
    async record(...next: MailDelivery[]): Promise<void> {
      await deliveries.record(context.executionId, [...unrecorded, ...next]);
      unrecorded = [];
    },
    /** Keeps a result for the next `record`; until then it is in the cursor. */
    note(delivery: MailDelivery): void {
      unrecorded.push(delivery);
      context.saveCursor(unrecorded.filter(({ state }) => state !== 'deferred'));
    },
  };
}

function earlierOutcome(delivery: MailDelivery | undefined): RecipientOutcome | undefined {
  if (delivery?.state !== 'sent' && delivery?.state !== 'failed') return undefined;
  const status = delivery.state === 'sent' ? 'already_sent' : 'failed';
  return { to: delivery.recipient, status, response: delivery.response, message_id: delivery.messageId };
}

async function sendCopy(
  context: TaskContext,
  ledger: Ledger,
  letter: Letter,
  recipient: string,
): Promise<RecipientOutcome> {
  const { mailer } = context.services;
  const key = keyOf(context, recipient);
  const messageId = mailer.messageIdOf(key);
  if (ledger.find(recipient)?.state === 'sending')
    context.log.warn({ executionId: context.executionId, messageId }, REPEATED);
  await ledger.record({ recipient, state: 'sending', messageId, response: null });
  try {
    const { response } = await mailer.send({ ...letter, recipient, key }, context.signal);
    ledger.note({ recipient, state: 'sent', messageId, response });
    return { to: recipient, status: 'sent', response, message_id: messageId };
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    return afterMailError(ledger, { recipient, messageId }, error);
  }
}

/**
 * A refused copy has failed, a deferred one is left to a later attempt. Other errors concern all copies and are thrown.
 */
async function afterMailError(
  ledger: Ledger,
  { recipient, messageId }: Pick<MailDelivery, 'recipient' | 'messageId'>,
  error: MailError,
): Promise<RecipientOutcome> {
  const { kind, isUncertain, response = error.message } = error;
  const status = kind === 'refused' ? 'failed' : 'deferred';
  if (!isUncertain) ledger.note({ recipient, state: status, messageId, response });
  if (kind === 'refused' || kind === 'deferred') return { to: recipient, status, response, message_id: messageId };
  await ledger.record();
  throw kind === 'unconfigured' ? new PermanentTaskError(error.message) : error;
}

/** The state of each copy in the ledger, for a run without further attempts. */
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

/** How many copies were accepted, now or by an earlier attempt, and how many were refused for good. */
export function countSentAndFailed(outcomes: RecipientOutcome[]): { sent: number; failed: number } {
  const count = (...statuses: RecipientOutcome['status'][]) =>
    outcomes.filter(({ status }) => statuses.includes(status)).length;
  return { sent: count('sent', 'already_sent'), failed: count('failed') };
}
