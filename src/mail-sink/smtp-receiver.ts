import { once } from 'node:events';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import type { MailStore } from './mail-store';

const MAX_MAIL_BYTES = 25 * 1024 * 1024;

/** Accepts every mail for every recipient and forwards none. It confirms a mail once the mail is on disk. */
export function createSmtpReceiver(store: Pick<MailStore, 'add'>) {
  const server = new SMTPServer({
    banner: 'Taskloom mail sink',
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    size: MAX_MAIL_BYTES,
    closeTimeout: 1_000,
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = [];
      // Data beyond the limit is read but not kept.
      stream.on('data', (chunk: Buffer) => stream.sizeExceeded || chunks.push(chunk));
      stream.on('end', () => {
        if (stream.sizeExceeded) return done(Object.assign(new Error('The mail is too large'), { responseCode: 552 }));
        const raw = Buffer.concat(chunks);
        PostalMime.parse(raw)
          .then(({ subject = '' }) =>
            store.add(
              {
                from: envelope.mailFrom ? envelope.mailFrom.address : '',
                to: envelope.rcptTo.map(({ address }) => address),
                subject,
              },
              raw,
            ),
          )
          .then(
            () => done(),
            (error: Error) => done(Object.assign(error, { responseCode: 451 })),
          );
      });
    },
  });
  // A client that disconnects must not end the process.
  server.on('error', () => undefined);
  return {
    async listen(port: number): Promise<number> {
      server.listen(port, '127.0.0.1');
      await Promise.race([
        once(server.server, 'listening'),
        once(server.server, 'error').then(([error]) => Promise.reject(error as Error)),
      ]);
      return (server.server.address() as AddressInfo).port;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
