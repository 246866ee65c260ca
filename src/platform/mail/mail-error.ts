/**
 * `refused`: for good, this mail to this recipient. `deferred`: not now, for this recipient. `unavailable`: the server takes
 * nothing from us now. `unconfigured`: there is no server.
 */
export type MailErrorKind = 'refused' | 'deferred' | 'unavailable' | 'unconfigured';

export class MailError extends Error {
  override readonly name = 'MailError';
  constructor(
    readonly kind: MailErrorKind,
    message: string,
    /** The server's last word, with its code. */
    readonly response?: string,
    /** The server may have taken the mail: its answer to the last byte never came. */
    readonly isUncertain = false,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface SmtpFailure {
  code?: string;
  command?: string;
  response?: string;
  responseCode?: number;
  message: string;
}

/** Answers to RCPT or DATA that are about us and not about the mail: an operator can mend them. */
const ABOUT_US = new Set([421, 530, 534, 535, 538]);

/** What an error of nodemailer means to whoever wanted to send the mail. */
export function classifyMailFailure(error: unknown): MailError {
  if (error instanceof MailError) return error;
  const { code, command, response, responseCode, message } = error as SmtpFailure;
  const made = (kind: MailErrorKind, isUncertain = false) =>
    new MailError(kind, message, response, isUncertain, { cause: error });
  // Before a word was said: an address that cannot stand in an envelope.
  if (code === 'EENVELOPE' && responseCode === undefined) return made('refused');
  if (responseCode === undefined)
    return made(
      'unavailable',
      code !== 'EDNS' && code !== 'EAUTH' && code !== 'ETLS' && !/ECONNREFUSED|ENOTFOUND/.test(message),
    );
  if (ABOUT_US.has(responseCode) || (command !== 'RCPT TO' && command !== 'DATA')) return made('unavailable');
  return made(responseCode >= 500 ? 'refused' : 'deferred');
}
