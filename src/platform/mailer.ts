import { createTransport } from 'nodemailer';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}
export interface Mailer {
  /** Throws when the server does not take it. */
  send(mail: Mail): Promise<void>;
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

/** Port 465 speaks TLS from the first byte, the others after STARTTLS. */
export function createMailer(smtp: SmtpSettings): Mailer {
  const { host, port, username, password, isTlsRequired } = smtp;
  const transport = createTransport({
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
  return {
    // The address as an object is taken as it is: no second one can hide in it.
    send: async ({ to, ...mail }) => void (await transport.sendMail({ from: smtp.from, to: { name: '', address: to }, ...mail })),
    close: () => transport.close(),
  };
}
