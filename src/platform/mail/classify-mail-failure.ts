import { MailError, type MailErrorKind } from '../../shared/mail-error';

interface SmtpFailure {
  code?: string;
  command?: string;
  response?: string;
  responseCode?: number;
  message: string;
}

/** Responses to RCPT or DATA that concern the sender and not the mail, so that an operator can mend them. */
const ABOUT_US = new Set([421, 530, 534, 535, 538]);

/** The commands whose responses concern one mail or recipient. */
const ABOUT_THE_MAIL = new Set(['RCPT TO', 'DATA']);
/** Failures before the first byte of the mail: no name, no login, no TLS. */
const BEFORE_SENDING = new Set(['EDNS', 'EAUTH', 'ETLS']);

const mayHaveBeenSent = (code: string | undefined, message: string) =>
  !BEFORE_SENDING.has(code ?? '') && !/ECONNREFUSED|ENOTFOUND/.test(message);

/** Translates an error of nodemailer. */
export function classifyMailFailure(error: unknown): MailError {
  if (error instanceof MailError) return error;
  const { code, command, response, responseCode, message } = error as SmtpFailure;
  const made = (kind: MailErrorKind, isUncertain = false) =>
    new MailError(kind, message, response, isUncertain, { cause: error });
  // nodemailer refused the address before it spoke to the server.
  if (code === 'EENVELOPE' && responseCode === undefined) return made('refused');
  if (responseCode === undefined) return made('unavailable', mayHaveBeenSent(code, message));
  const isAboutTheMail = command !== undefined && ABOUT_THE_MAIL.has(command) && !ABOUT_US.has(responseCode);
  if (!isAboutTheMail) return made('unavailable');
  return made(responseCode >= 500 ? 'refused' : 'deferred');
}
