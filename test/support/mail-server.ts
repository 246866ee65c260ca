import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  from: string;
  /** The recipients of the envelope, which may differ from the header's. */
  to: string[];
  raw: string;
  user: string | undefined;
  parsed: Email;
}

/** The SMTP code to answer with. A promise delays the answer. */
type Reply = number | undefined | Promise<number | undefined>;

export interface MailServer {
  port: number;
  mails: ReceivedMail[];
  /** Called for each recipient. A code refuses it. */
  onRecipient: (address: string) => Reply;
  /** Called for each mail after it was read. A code refuses it. */
  onMail: (mail: ReceivedMail) => Reply;
  connections(): number;
  close(): Promise<void>;
}

const refusal = (code: number) =>
  Object.assign(new Error(code < 500 ? 'try again later' : 'no thanks'), { responseCode: code });

/** A real SMTP server that keeps the mails it receives, and refuses as its callbacks say. */
export async function startMailServer(options: { port?: number; hasTls?: boolean } = {}): Promise<MailServer> {
  let connections = 0;
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    closeTimeout: 100,
    disabledCommands: options.hasTls ? [] : ['STARTTLS'],
    onConnect: (_session, done) => {
      connections += 1;
      done();
    },
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error('wrong')),
    onRcptTo: ({ address }, _session, done) => {
      void Promise.resolve(mailServer.onRecipient(address)).then((code) => done(code ? refusal(code) : null));
    },
    onData: (stream, { envelope, user }, done) => {
      const chunks: Buffer[] = [];
      stream
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          void (async () => {
            const raw = Buffer.concat(chunks);
            const mail: ReceivedMail = {
              from: envelope.mailFrom ? envelope.mailFrom.address : '',
              to: envelope.rcptTo.map(({ address }) => address),
              raw: raw.toString(),
              user: user as string | undefined,
              parsed: await PostalMime.parse(raw),
            };
            const code = await mailServer.onMail(mail);
            if (!code) mails.push(mail);
            done(code ? refusal(code) : null);
          })();
        });
    },
  });
  // A killed client breaks its connection.
  server.on('error', () => undefined);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server.server, 'listening');
  const mailServer: MailServer = {
    port: (server.server.address() as AddressInfo).port,
    mails,
    onRecipient: () => undefined,
    onMail: () => undefined,
    connections: () => connections,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
  return mailServer;
}

/** The settings of a mailer that sends to this server. */
export const smtpOf = ({ port }: Pick<MailServer, 'port'>) => ({
  host: '127.0.0.1',
  port,
  username: undefined,
  password: undefined,
  from: 'tasks@example.org',
  isTlsRequired: false,
});
