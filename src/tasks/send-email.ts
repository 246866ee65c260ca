import { z } from 'zod';
import { countByStatus, deliver, listOutcomes, type RecipientOutcome } from './send-email/delivery-run';
import { defineTaskType, PermanentTaskError, type EndedRun } from './task-type';

const MAX_TEXT_CHARACTERS = 1_000_000;

const address = z.email('is not an e-mail address').max(254);
const distinct = (addresses: string[]) =>
  addresses.filter((one, index) => addresses.findIndex((other) => other.toLowerCase() === one.toLowerCase()) === index);
const addresses = z
  .preprocess(
    (given) => (typeof given === 'string' ? [given] : given),
    z.array(address).min(1, 'name at least one address').max(50, 'at most 50 addresses').overwrite(distinct),
  )
  .meta({ isOneOrMany: true });
// In a header a line break would begin the next one. Checked as it is sent, so that the JSON Schema says the same.
const line = z
  .string()
  .max(500)
  .regex(/\S/, 'is empty')
  .regex(/^\P{Cc}*$/u, 'must be one line, without control characters')
  .trim();
const body = z.string().max(MAX_TEXT_CHARACTERS);

export const sendEmailParameters = z.strictObject({
  to_email: addresses.describe('One address, or up to 50. Each gets a copy of its own, whose header names them all'),
  cc: addresses.optional(),
  bcc: addresses.optional().describe("Named in nobody's copy"),
  reply_to: address.optional(),
  subject: line,
  content: body.min(1, 'is empty').describe('The mail as plain text'),
  html: body.min(1, 'is empty').optional().describe('The same as a page, for readers that show it'),
});

type Letter = z.infer<typeof sendEmailParameters>;
const everybody = ({ to_email: to, cc = [], bcc = [] }: Letter) => distinct([...to, ...cc, ...bcc]);

function resultOf(
  { configId }: EndedRun,
  { to_email: to, subject }: Letter,
  isSent: boolean,
  recipients: RecipientOutcome[],
) {
  return {
    config_id: configId,
    to_email: to.length === 1 ? to[0] : to,
    subject,
    sent: isSent,
    timestamp: new Date().toISOString(),
    recipients,
  };
}

/** Ends well when at least one copy was taken; the others are told of in its result. A later attempt leaves out who has it. */
export const sendEmail = defineTaskType({
  name: 'SEND_EMAIL',
  summary: 'Sends a mail to one or more recipients, each a copy of their own, and to nobody twice',
  adHocAccess: 'admin',
  parameters: sendEmailParameters,
  // `to` and `response` are the result's of each copy, `recipient` is the cursor's.
  privateFields: [...Object.keys(sendEmailParameters.shape), 'to', 'response', 'recipient'],
  async run(context, parameters) {
    const { to_email: to, cc = [], reply_to: replyTo, subject, content: text, html } = parameters;
    const recipients = await deliver(context, everybody(parameters), {
      to,
      ...(cc.length > 0 ? { cc } : {}),
      replyTo,
      subject,
      text,
      html,
    });
    const { failed } = countByStatus(recipients);
    if (failed === recipients.length)
      throw new PermanentTaskError(
        `No recipient's server took the mail. ${recipients.map((one) => `${one.to}: ${one.response}`).join('; ')}`,
      );
    return resultOf(context, parameters, true, recipients);
  },
  partialResult: async (run, parameters) =>
    resultOf(run, parameters, false, await listOutcomes(run, everybody(parameters))),
});
