import type { Database } from '../../platform/postgres/postgres';
import type { MailDelivery, MailLedger } from '../../tasks/ports/mail-ledger';

/** The state of each copy of a run's mail. */
export function createMailDeliveryRepository(database: Database): MailLedger {
  return {
    async list(executionId) {
      return database('mail_deliveries')
        .where({ execution_id: executionId })
        .select<MailDelivery[]>('recipient', 'state', 'message_id as messageId', 'response');
    },

    /** A copy that was sent stays sent, even when another attempt records another state for it later. */
    async record(executionId, deliveries) {
      if (deliveries.length === 0) return;
      const rows = deliveries.map(({ recipient, state, messageId, response }) => ({
        execution_id: executionId,
        recipient,
        state,
        message_id: messageId,
        response,
        updated_at: database.fn.now(),
      }));
      await database('mail_deliveries')
        .insert(rows)
        .onConflict(['execution_id', 'recipient'])
        .merge(['state', 'response', 'updated_at'])
        .where('mail_deliveries.state', '<>', 'sent');
    },
  };
}
