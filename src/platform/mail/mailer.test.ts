import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { smtpOf, startMailServer, type MailServer } from '../../../test/support/mail-server';
import { createMailer, createMissingMailer, type Mail, type SmtpSettings } from './mailer';

let server: MailServer;
beforeAll(async () => {
  server = await startMailServer();
});
afterAll(() => server?.close());
beforeEach(() => {
  server.mails.splice(0);
  server.onRecipient = server.onMail = () => undefined;
});

const MAIL: Mail = {
  to: ['ann@example.org'],
  recipient: 'ann@example.org',
  key: 'reset-1',
  subject: '重置密码',
  text: 'as text',
  html: '<p>as page</p>',
};
async function send(mail: Partial<Mail>, changes: Partial<SmtpSettings> = {}, signal?: AbortSignal) {
  const mailer = createMailer({ ...smtpOf(server), ...changes });
  return mailer.send({ ...MAIL, ...mail }, signal).finally(() => mailer.close());
}
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );

it('sends text and page to one address, with a subject in any language and an id that is always the same', async () => {
  const receipt = await send({});
  expect(receipt).toEqual({ response: expect.stringMatching(/^250 /), messageId: '<reset-1@example.org>' });
  expect(server.mails).toMatchObject([
    {
      from: 'tasks@example.org',
      to: ['ann@example.org'],
      user: undefined,
      parsed: {
        subject: '重置密码',
        messageId: '<reset-1@example.org>',
        from: { address: 'tasks@example.org' },
        to: [{ address: 'ann@example.org' }],
      },
    },
  ]);
  const { raw, parsed } = server.mails[0]!;
  expect(raw).toMatch(/^Content-Type: multipart\/alternative;/m);
  expect([parsed.text?.trim(), parsed.html?.trim()]).toEqual(['as text', '<p>as page</p>']);
});

it('goes to the recipient alone, not to the addresses in its header', async () => {
  await send(
    {
      to: ['ann@example.org', 'ben@example.org'],
      cc: ['cem@example.org'],
      replyTo: 'desk@example.org',
      recipient: 'hidden@example.org',
    },
    { from: 'Taskloom <tasks@example.org>' },
  );
  expect(server.mails).toMatchObject([
    {
      from: 'tasks@example.org',
      to: ['hidden@example.org'],
      parsed: {
        from: { name: 'Taskloom' },
        to: [{ address: 'ann@example.org' }, { address: 'ben@example.org' }],
        cc: [{ address: 'cem@example.org' }],
        replyTo: [{ address: 'desk@example.org' }],
      },
    },
  ]);
  expect(server.mails[0]?.raw).not.toContain('hidden');
});

it('signs in when it has name and password', async () => {
  await send({}, { username: 'tasks', password: 'right' });
  expect(server.mails).toMatchObject([{ user: 'tasks' }]);
  expect(await failure(send({}, { username: 'tasks', password: 'wrong' }))).toMatchObject({
    kind: 'unavailable',
    isUncertain: false,
  });
});

it('keeps its connection for the next mail', async () => {
  const before = server.connections();
  const mailer = createMailer(smtpOf(server));
  for (let index = 0; index < 5; index += 1) await mailer.send(MAIL);
  mailer.close();
  expect([server.connections() - before, server.mails.length]).toEqual([1, 5]);
});

it('lets nobody write headers or add recipients', async () => {
  const other = 'other@example.org';
  const tricks = [
    `ann@example.org\r\nBcc: ${other}`,
    `ann@example.org, ${other}`,
    `ann@example.org>,<${other}`,
    `"ann@example.org, ${other}" <${other}>`,
    `ann@example.org\r\nRCPT TO:<${other}>`,
    `group: ${other};`,
  ];
  for (const trick of tricks) {
    await send({ recipient: trick, to: [trick] }).catch(() => undefined);
    await send({ to: [trick] }).catch(() => undefined);
    await send({ cc: [trick], replyTo: trick }).catch(() => undefined);
  }
  await send({ subject: `one\r\nBcc: ${other}`, key: `key>\r\nBcc: ${other}` });
  expect(server.mails.length).toBeGreaterThan(0);
  for (const { to, raw } of server.mails) {
    expect(to).not.toContain(other);
    expect(raw.split('\r\n\r\n')[0]).not.toMatch(/^(Bcc|RCPT)/im);
  }
});

it('tells permanent refusals from temporary ones', async () => {
  server.onRecipient = (address) =>
    ({ 'gone@example.org': 550, 'full@example.org': 452, 'auth@example.org': 530 })[address];
  expect(await failure(send({ recipient: 'gone@example.org' }))).toMatchObject({
    name: 'MailError',
    kind: 'refused',
    response: expect.stringMatching(/^550 /),
    isUncertain: false,
  });
  expect(await failure(send({ recipient: 'full@example.org' }))).toMatchObject({
    kind: 'deferred',
    response: expect.stringMatching(/^452 /),
    isUncertain: false,
  });
  expect(await failure(send({ recipient: 'auth@example.org' }))).toMatchObject({ kind: 'unavailable' });
  server.onMail = () => 554;
  expect(await failure(send({}))).toMatchObject({ kind: 'refused', response: expect.stringMatching(/^554 /) });
  server.onMail = () => 451;
  expect(await failure(send({}))).toMatchObject({ kind: 'deferred' });
  expect(server.mails).toEqual([]);
  expect(await failure(createMissingMailer().send(MAIL))).toMatchObject({ kind: 'unconfigured', isUncertain: false });
});

it('reports an uncertain delivery when the connection breaks after the last byte, and does not resend', async () => {
  let reached = 0;
  server.onMail = () => {
    reached += 1;
    return new Promise(() => undefined);
  };
  const stop = new AbortController();
  const sending = failure(send({}, {}, stop.signal));
  while (reached === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort(new Error('the run was cancelled'));
  expect(await sending).toMatchObject({ message: 'the run was cancelled' });

  const breaking = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 hello\r\n');
    let isData = false;
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      if (isData) return void ((reached += 1), socket.destroy());
      if (/DATA\r\n/.test(text)) isData = true;
      socket.write(isData ? '354 go on\r\n' : '250 yes\r\n');
    });
  });
  await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve));
  reached = 0;
  expect(await failure(send({}, { port: (breaking.address() as AddressInfo).port }))).toMatchObject({
    kind: 'unavailable',
    isUncertain: true,
  });
  expect(reached).toBe(1);
  await new Promise((resolve) => breaking.close(resolve));
});

it('sends nothing in plain text when TLS is required, and says when no server is there', async () => {
  expect(await failure(send({}, { isTlsRequired: true }))).toMatchObject({ kind: 'unavailable' });
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  expect(await failure(send({}, { port }))).toMatchObject({
    kind: 'unavailable',
    isUncertain: false,
    message: expect.stringContaining('ECONNREFUSED'),
  });
  expect(server.mails).toEqual([]);
});
