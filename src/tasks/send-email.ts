import { emailExamples } from './send-email/email-examples';
import { distinct, sendEmailParameters, type SendEmailParameters } from './send-email/email-parameters';
import { countSentAndFailed, deliver, listOutcomes, type RecipientOutcome } from './send-email/delivery-run';
import { defineTaskType, PermanentTaskError, type EndedRun } from './task-type';

const everybody = ({ to_email: to, cc = [], bcc = [] }: SendEmailParameters) => distinct([...to, ...cc, ...bcc]);

function resultOf(
  { configId }: EndedRun,
  { to_email: to, subject }: SendEmailParameters,
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

/**
 * Succeeds when the server accepted at least one copy; the result lists the others. A later attempt skips recipients
 * who already have it.
 */
export const sendEmail = defineTaskType({
  name: 'SEND_EMAIL',
  summary: 'Sends a mail to one or more recipients, each a copy of their own, and to nobody twice',
  adHocAccess: 'admin',
  parameters: sendEmailParameters,
  examples: emailExamples,
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
    const { failed } = countSentAndFailed(recipients);
    if (failed === recipients.length)
      throw new PermanentTaskError(
        `No recipient's server took the mail. ${recipients.map((one) => `${one.to}: ${one.response}`).join('; ')}`,
      );
    return resultOf(context, parameters, true, recipients);
  },
  partialResult: async (run, parameters) =>
    resultOf(run, parameters, false, await listOutcomes(run, everybody(parameters))),
});
