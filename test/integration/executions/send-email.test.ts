import { LETTER, PEOPLE, useMailStack, type MailStack } from '../../support/mail-runs';

jest.setTimeout(120_000);

let server: MailStack['server'];
let api: MailStack['api'];
const { startWorker, sendLetter, ended, received } = useMailStack((stack) => {
  ({ server, api } = stack);
});

test('each recipient gets one copy with text and HTML; one address is refused', async () => {
  await startWorker();
  server.onRecipient = (address) => (address === 'ben@example.org' ? 550 : undefined);
  const row = await ended(
    await sendLetter({
      to_email: PEOPLE.slice(0, 2),
      cc: ['cem@example.org'],
      bcc: 'dan@example.org',
      reply_to: 'desk@example.org',
    }),
  );
  expect(row).toMatchObject({ status: 'succeeded', attempt: 1 });
  expect(row.result.return_value).toMatchObject({
    to_email: ['ann@example.org', 'ben@example.org'],
    subject: 'Neues für alle',
    sent: true,
    recipients: PEOPLE.map((to) => ({
      to,
      status: to === 'ben@example.org' ? 'failed' : 'sent',
      response: expect.stringMatching(/^[25]50 /),
    })),
  });
  expect(received()).toEqual(['ann@example.org', 'cem@example.org', 'dan@example.org']);
  for (const { parsed, raw } of server.mails) {
    expect(parsed).toMatchObject({
      subject: 'Neues für alle',
      to: [{ address: 'ann@example.org' }, { address: 'ben@example.org' }],
      cc: [{ address: 'cem@example.org' }],
      replyTo: [{ address: 'desk@example.org' }],
    });
    expect([parsed.text?.trim(), parsed.html?.trim()]).toEqual(['as text', '<p>as page</p>']);
    expect(raw).not.toContain('dan@');
  }
});

test('a deferred copy is retried within max_retries, for that recipient alone', async () => {
  await startWorker();
  let refusals = 0;
  server.onRecipient = (address) => (address === 'ann@example.org' && refusals++ === 0 ? 451 : undefined);
  const row = await ended(await sendLetter({ to_email: PEOPLE }, { max_retries: 1 }));
  expect(row).toMatchObject({ status: 'succeeded', attempt: 2 });
  expect(row.result.return_value.recipients.map(({ status }: { status: string }) => status)).toEqual([
    'sent',
    'already_sent',
    'already_sent',
    'already_sent',
  ]);
  expect(received()).toEqual(PEOPLE);
});

test('a run fails without retry when every recipient is refused', async () => {
  await startWorker();
  server.onRecipient = () => 550;
  const row = await ended(await sendLetter({ to_email: 'ann@example.org' }, { max_retries: 3 }));
  expect(row).toMatchObject({
    status: 'failed',
    attempt: 1,
    error_message: expect.stringContaining('ann@example.org: 550'),
  });
});

test('the result of a failed run lists the recipients; users below operator see only the statuses', async () => {
  await startWorker();
  server.onRecipient = (address) => ({ 'ben@example.org': 550, 'cem@example.org': 451 })[address];
  const taskId = await sendLetter({ to_email: PEOPLE.slice(0, 2), bcc: PEOPLE.slice(2) });
  const row = await ended(taskId);
  expect(row).toMatchObject({ status: 'failed', error_message: expect.stringContaining('2 of 4 copies') });
  const told = (to: string, status: string, response: unknown) => ({
    to,
    status,
    response,
    message_id: expect.stringMatching(/^<.+>$/),
  });
  expect(row.result.return_value).toEqual({
    config_id: row.config_id,
    to_email: PEOPLE.slice(0, 2),
    subject: LETTER.subject,
    sent: false,
    timestamp: expect.any(String),
    recipients: [
      told('ann@example.org', 'sent', expect.stringMatching(/^250 /)),
      told('ben@example.org', 'failed', expect.stringMatching(/^550 /)),
      told('cem@example.org', 'deferred', expect.stringMatching(/^451 /)),
      told('dan@example.org', 'sent', expect.stringMatching(/^250 /)),
    ],
  });
  const { body: reader } = await api.root('POST', '/auth/api-keys', { name: 'reads', scope: 'read' });
  const { body } = await api.withToken(reader.key)('GET', `/tasks/executions/${taskId}`);
  expect(body.result.return_value).toMatchObject({
    to_email: '[redacted]',
    subject: '[redacted]',
    sent: false,
    recipients: ['sent', 'failed', 'deferred', 'sent'].map((status) => ({
      to: '[redacted]',
      status,
      response: '[redacted]',
    })),
  });
  const { body: failed } = await api.root('GET', '/tasks/executions/failed');
  expect(failed.failed_executions.find((one: { task_id: string }) => one.task_id === taskId)).toMatchObject({
    result: null,
  });
});

test('invalid parameters are refused when the config is created', async () => {
  const create = (parameters: object) =>
    api.root('POST', '/tasks/configs', {
      name: 'a mail',
      task_type: 'SEND_EMAIL',
      scheduler_type: 'manual',
      schedule_config: {},
      parameters,
    });
  const answer = await create({
    to_email: ['ann@example.org', 'nobody'],
    subject: 'one\r\nBcc: other@example.org',
    priority: 'high',
  });
  expect(answer.status).toBe(422);
  expect(answer.body.detail.map(({ loc }: { loc: unknown[] }) => loc.join('.')).sort()).toEqual([
    'body.parameters.content',
    'body.parameters.priority',
    'body.parameters.subject',
    'body.parameters.to_email.1',
  ]);
  expect((await api.root('GET', '/tasks/system/enums')).text).toContain('SEND_EMAIL');
});
