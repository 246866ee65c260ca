import { createTransport } from 'nodemailer';
import { classifyMailFailure } from './classify-mail-failure';
import { MailError } from '../../shared/mail-error';

export interface Mail {
  /** The To header; the mail goes to `recipient`. */
  to: string[];
  cc?: string[];
  replyTo?: string;
  subject: string;
  text: string;
  html?: string;
  /** The one address to which this copy is sent. */
  recipient: string;
  /** The same for each try at the same copy, so that a duplicate can be recognised by its message id. */
  key: string;
}
export interface MailReceipt {
  /** The server's answer when it accepted the mail. */
  response: string;
  messageId: string;
}
export interface Mailer {
  /** The message id of a mail with this key. */
  messageIdOf(key: string): string;
  /** Throws a MailError when the server does not accept the mail. */
  send(mail: Mail, signal?: AbortSignal): Promise<MailReceipt>;
  /** Connects and signs in, and throws a MailError when that fails. */
  verify(): Promise<void>;
  close(): void;
}
export interface SmtpSettings {
  host: string;
  port: number;
  username: string | undefined;
  password: string | undefined;
  from: string;
  isTlsRequired: boolean;
}

/** Connections per worker. It is low because several workers may use one mail server. */
const MAX_CONNECTIONS = 4;
const MAX_MAIL_MS = 60_000;

/** Addresses are passed as objects, which nodemailer does not parse, so that one text cannot hold two addresses. */
const asIs = (addresses: string[] | undefined) => addresses?.map((address) => ({ name: '', address }));

/** A mailer over one pool of connections. Port 465 uses TLS from the first byte, other ports after STARTTLS. */
export function createMailer(smtp: SmtpSettings): Mailer {
  const { host, port, username, password, isTlsRequired } = smtp;
  const transport = createTransport({
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    // A mail whose connection broke may have been accepted. The caller decides whether to send it again.
    maxRequeues: 0,
    host,
    port,
    secure: port === 465,
    requireTLS: isTlsRequired,
    ignoreTLS: !isTlsRequired,
    ...(username && password ? { auth: { user: username, pass: password } } : {}),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^@>\s]+)>?\s*$/.exec(smtp.from)?.[1] ?? 'taskloom.local';
  const messageIdOf = (key: string) => `<${key}@${domain}>`;
  return {
    messageIdOf,
    async send({ recipient, key, to, cc, replyTo, ...mail }, signal) {
      const messageId = messageIdOf(key);
      // A server that sends single bytes would never reach the other time limits.
      const limit = AbortSignal.any([AbortSignal.timeout(MAX_MAIL_MS), ...(signal ? [signal] : [])]);
      try {
        const { response } = await transport.sendMail({
          from: smtp.from,
          to: asIs(to),
          cc: asIs(cc),
          ...(replyTo === undefined ? {} : { replyTo: { name: '', address: replyTo } }),
          ...mail,
          messageId,
          envelope: { from: addressOf(smtp.from), to: asIs([recipient]) },
          signal: limit,
        });
        return { response, messageId };
      } catch (error) {
        signal?.throwIfAborted();
        throw classifyMailFailure(error);
      }
    },
    async verify() {
      await transport.verify().catch((error: unknown) => Promise.reject(classifyMailFailure(error)));
    },
    close: () => transport.close(),
  };
}

const addressOf = (from: string) => /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from;

/** Used where no mail server is configured. */
export function createMissingMailer(): Mailer {
  const refuse = () => Promise.reject(new MailError('unconfigured', 'SMTP_HOST is not set: no mails are sent'));
  return { messageIdOf: (key) => `<${key}@taskloom.local>`, send: refuse, verify: refuse, close: () => undefined };
}
