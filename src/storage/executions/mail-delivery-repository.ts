import type { Database } from '../../platform/postgres/postgres';

export interface MailDelivery {
  recipient: string;
  state: 'sending' | 'deferred' | 'sent' | 'failed';
  messageId: string;
  response: string | null;
}

/** What became of each copy of a run's mail. */
export function createMailDeliveryRepository(database: Database) {
  return {
    async list(executionId: number): Promise<MailDelivery[]> {
      return database('mail_deliveries')
        .where({ execution_id: executionId })
        .select<MailDelivery[]>('recipient', 'state', 'message_id as messageId', 'response');
    },

    /** Of a copy that was sent nothing is taken back, whoever comes late with it. */
    async record(executionId: number, deliveries: MailDelivery[]): Promise<void> {
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
