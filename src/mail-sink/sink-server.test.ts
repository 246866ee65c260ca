import { request } from 'node:http';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createMailer, type Mail } from '../platform/mail/mailer';
import { startMailSink, type MailSink } from './sink-server';

let folder: string;
let sink: MailSink;
beforeEach(async () => {
  folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'mail-sink-')), 'mails');
  sink = await startMailSink({ folder });
});
afterEach(async () => {
  await sink.close();
  rmSync(path.dirname(folder), { recursive: true });
});

async function send(mail: Partial<Mail> = {}): Promise<void> {
  const mailer = createMailer({
    host: '127.0.0.1',
    port: sink.smtpPort,
    username: undefined,
    password: undefined,
    from: 'tasks@example.org',
    isTlsRequired: false,
  });
  await mailer
    .send({
      to: ['ann@example.org'],
      recipient: 'ann@example.org',
      key: 'one',
      subject: '重置 <b>',
      text: 'see https://app.example/?a=1&b=2 <b>',
      html: '<p>see</p><script>alert(1)</script>',
      ...mail,
    })
    .finally(() => mailer.close());
}
const get = (route: string, init: RequestInit = {}) => fetch(`${sink.url}${route}`, { redirect: 'manual', ...init });
const list = async () =>
  ((await (await get('/api/mails')).json()) as { mails: { id: string; subject: string; to: string[] }[] }).mails;

it('keeps what it gets, and shows it: list, mail, page and source', async () => {
  expect(await (await get('/')).text()).toContain('No mail yet');
  await send({ recipient: 'hidden@example.org' });
  const [mail] = await list();
  expect(mail).toMatchObject({
    subject: '重置 <b>',
    to: ['hidden@example.org'],
    from: 'tasks@example.org',
    sizeBytes: expect.any(Number),
  });
  expect(await (await get('/')).text()).toContain(`<a href="/mails/${mail!.id}">重置 &#60;b&#62;</a>`);
  const page = await (await get(`/mails/${mail!.id}`)).text();
  expect(page).toContain('<a href="https://app.example/?a=1&#38;b=2" target="_blank" rel="noopener noreferrer">');
  expect(page).toContain('hidden@example.org');
  expect(page).not.toMatch(/<script|<b>/);
  expect(await (await get(`/api/mails/${mail!.id}`)).json()).toMatchObject({
    text: expect.stringContaining('see https'),
    html: expect.stringContaining('<p>see</p>'),
    headers: expect.arrayContaining([{ key: 'message-id', value: '<one@example.org>' }]),
  });
  const source = await get(`/mails/${mail!.id}/raw`);
  expect([source.headers.get('content-type'), await source.text()]).toEqual([
    'text/plain; charset=utf-8',
    expect.stringContaining('Message-ID: <one@example.org>'),
  ]);
});

it('lets nothing in a mail run, load, or reach the page around it', async () => {
  await send();
  const [mail] = await list();
  const page = await get(`/mails/${mail!.id}`);
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
  expect(await page.text()).toContain(
    `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/mails/${mail!.id}/html"`,
  );
  const policy = (await get(`/mails/${mail!.id}/html`)).headers.get('content-security-policy');
  expect(policy).toMatch(/^default-src 'none';.*; sandbox allow-popups/);
  expect(policy).not.toMatch(/script-src|allow-scripts|allow-same-origin/);
});

it('keeps the newest, over a restart, for the owner alone; and forgets all on request', async () => {
  await sink.close();
  sink = await startMailSink({ folder, maxMails: 2 });
  for (const subject of ['first', 'second', 'third']) await send({ subject });
  expect((await list()).map(({ subject }) => subject)).toEqual(['third', 'second']);
  const { smtpPort, webPort } = sink;
  await sink.close();
  sink = await startMailSink({ folder, smtpPort, webPort });
  expect(sink).toMatchObject({ smtpPort, webPort });
  expect((await list()).map(({ subject }) => subject)).toEqual(['third', 'second']);
  expect(readdirSync(folder)).toHaveLength(4);
  for (const file of readdirSync(folder)) expect(statSync(path.join(folder, file)).mode & 0o777).toBe(0o600);
  expect((await get('/delete-all', { method: 'POST', headers: { origin: sink.url } })).status).toBe(303);
  expect([await list(), readdirSync(folder)]).toEqual([[], []]);
  await send();
  expect((await get('/api/mails', { method: 'DELETE' })).status).toBe(204);
  expect(await list()).toEqual([]);
});

it('serves its own page alone: no other host name, no other origin, no file beside the mails', async () => {
  await send();
  expect(await statusFor('evil.example')).toBe(403);
  expect((await get('/api/mails', { method: 'DELETE', headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect(await list()).toHaveLength(1);
  for (const id of ['nothing', '..%2F..%2Fstate', '%00'])
    for (const part of ['', '/html', '/raw']) expect((await get(`/mails/${id}${part}`)).status).toBe(404);
});

/** fetch does not let a test choose the host header. */
function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) =>
    request(`${sink.url}/api/mails`, { headers: { host } }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end(),
  );
}
