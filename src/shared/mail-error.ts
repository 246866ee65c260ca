/**
 * `refused`: this mail to this recipient, permanently. `deferred`: this recipient, for now. `unavailable`: the server
 * accepts no mail for now. `unconfigured`: no mail server is configured.
 */
export type MailErrorKind = 'refused' | 'deferred' | 'unavailable' | 'unconfigured';

export class MailError extends Error {
  override readonly name = 'MailError';
  constructor(
    readonly kind: MailErrorKind,
    message: string,
    /** The server's last response, with its code. */
    readonly response?: string,
    /** Whether the server may have accepted the mail: its response to the last byte did not arrive. */
    readonly isUncertain = false,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
