import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { createMailer, type SmtpSettings } from './mailer';

const received: { from: string; to: string[]; text: string; user: string | undefined }[] = [];
let server: SMTPServer;
let settings: SmtpSettings;

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) => (password === 'right' ? done(null, { user: username }) : done(new Error('wrong'))),
    onData: (stream, { envelope, user }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        received.push({ from: envelope.mailFrom ? envelope.mailFrom.address : '', to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString(), user: user as string | undefined });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  settings = { host: '127.0.0.1', port, username: undefined, password: undefined, from: 'tasks@example.org', isTlsRequired: false };
});
afterAll(() => new Promise<void>((resolve) => server.close(resolve)));
beforeEach(() => void received.splice(0));

const MAIL = { to: 'ann@example.org', subject: '重置密码', text: 'as text', html: '<p>as page</p>' };
async function send(mail: Partial<typeof MAIL>, changes: Partial<SmtpSettings> = {}): Promise<void> {
  const mailer = createMailer({ ...settings, ...changes });
  await mailer.send({ ...MAIL, ...mail }).finally(() => mailer.close());
}

it('sends text and page to one address, with a subject in any language', async () => {
  await send({});
  expect(received).toMatchObject([{ from: 'tasks@example.org', to: ['ann@example.org'], user: undefined }]);
  const { text = '' } = received[0] ?? {};
  expect(text).toMatch(/^Content-Type: multipart\/alternative;/m);
  expect(text).toMatch(/^Subject: =\?UTF-8\?/m);
  expect(text).toContain('as text');
  expect(text).toContain('<p>as page</p>');
});

it('signs in when it has name and password', async () => {
  await send({}, { username: 'tasks', password: 'right' });
  expect(received).toMatchObject([{ user: 'tasks' }]);
  await expect(send({}, { username: 'tasks', password: 'wrong' })).rejects.toThrow();
});

it('lets nobody write headers or add recipients', async () => {
  await send({ to: 'ann@example.org\r\nBcc: other@example.org', subject: 'one\r\nBcc: other@example.org' }).catch(() => undefined);
  await send({ to: 'ann@example.org, other@example.org' }).catch(() => undefined);
  await send({ subject: 'one\r\nBcc: other@example.org' });
  expect(received.length).toBeGreaterThan(0);
  for (const { to, text } of received) {
    expect(to).not.toContain('other@example.org');
    expect(text).not.toMatch(/^Bcc:/im);
  }
});

it('sends nothing in plain text when TLS is required, and says when no server is there', async () => {
  await expect(send({}, { isTlsRequired: true })).rejects.toThrow();
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  await expect(send({}, { port })).rejects.toThrow('ECONNREFUSED');
  expect(received).toEqual([]);
});
