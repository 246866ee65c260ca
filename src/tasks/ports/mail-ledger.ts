/** The copy of a run's mail that goes to one recipient. */
export interface MailDelivery {
  recipient: string;
  /** `sending`: an attempt has begun to send it, and has not recorded how that ended. */
  state: 'sending' | 'deferred' | 'sent' | 'failed';
  messageId: string;
  response: string | null;
}

/** Which recipients already have the mail. It outlives the attempt and its worker, so that the next attempt can ask. */
export interface MailLedger {
  list(executionId: number): Promise<MailDelivery[]>;
  record(executionId: number, deliveries: MailDelivery[]): Promise<void>;
}
