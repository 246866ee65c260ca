import { randomUUID } from 'node:crypto';
import { createMailer } from '../../../src/platform/mail/mailer';
import { createMailDeliveryRepository } from '../../../src/storage/executions/mail-delivery-repository';
import { smtpOf, startMailServer, type MailServer } from '../../support/mail-server';
import { startProcess, waitFor, type TestProcess } from '../../support/process';
import { connectTestTemporal, startTestWorker, type TestWorker } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { testServices } from '../../support/test-services';
import { createTestApi, type TestApi } from '../../support/api-support';
import type { Mailer } from '../../../src/platform/mail/mailer';
import type { TemporalConnection } from '../../../src/platform/temporal';

jest.setTimeout(120_000);

let db: TestDatabase;
let temporal: TemporalConnection;
let server: MailServer;
let api: TestApi;
let worker: TestWorker | undefined;
let mailer: Mailer;
const processes: TestProcess[] = [];
const taskQueue = `send-email-${randomUUID()}`;

beforeAll(async () => {
  [db, temporal, server] = await Promise.all([createTestDatabase(), connectTestTemporal(), startMailServer()]);
  api = await createTestApi({ database: db.database, temporal, taskQueue });
  mailer = createMailer(smtpOf(server));
});
beforeEach(() => {
  server.mails.splice(0);
  server.onRecipient = server.onMail = () => undefined;
});
afterEach(async () => {
  for (const process of processes.splice(0)) await process.kill();
  await worker?.stop();
  worker = undefined;
});
afterAll(async () => {
  mailer?.close();
  await api?.close();
  await temporal?.close();
  await server?.close();
  await db?.drop();
});

const startWorker = async () =>
  (worker = await startTestWorker({
    database: db.database,
    taskQueue,
    temporal: await connectTestTemporal(),
    services: { mailer, deliveries: createMailDeliveryRepository(db.database) },
  }));
const PEOPLE = ['ann', 'ben', 'cem', 'dan'].map((name) => `${name}@example.org`);
const LETTER = { subject: 'Neues für alle', content: 'as text', html: '<p>as page</p>' };

async function start(parameters: object, limits: object = {}): Promise<string> {
  const created = await api.root('POST', '/tasks/configs', {
    name: 'a mail',
    task_type: 'SEND_EMAIL',
    scheduler_type: 'manual',
    schedule_config: {},
    parameters: { ...LETTER, ...parameters },
    ...limits,
  });
  expect(created).toMatchObject({ status: 201 });
  const { status, body } = await api.root('POST', `/tasks/execute/${created.body.id}`);
  expect([status, body.task_id]).toEqual([expect.any(Number), expect.any(String)]);
  return body.task_id as string;
}
const ended = (taskId: string) =>
  waitFor(async () =>
    db.database('task_executions').where({ task_id: taskId }).whereNot({ status: 'running' }).first(),
  );
const received = () => server.mails.map(({ to }) => to[0]).sort();

test('text and page arrive, at each recipient one copy; one address is refused', async () => {
  await startWorker();
  server.onRecipient = (address) => (address === 'ben@example.org' ? 550 : undefined);
  const row = await ended(
    await start({
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

test('"not now" is tried again within max_retries, for that recipient alone', async () => {
  await startWorker();
  let refusals = 0;
  server.onRecipient = (address) => (address === 'ann@example.org' && refusals++ === 0 ? 451 : undefined);
  const row = await ended(await start({ to_email: PEOPLE }, { max_retries: 1 }));
  expect(row).toMatchObject({ status: 'succeeded', attempt: 2 });
  expect(row.result.return_value.recipients.map(({ status }: { status: string }) => status)).toEqual([
    'sent',
    'already_sent',
    'already_sent',
    'already_sent',
  ]);
  expect(received()).toEqual(PEOPLE);
});

test('when every recipient is refused the run fails, and is not tried again', async () => {
  await startWorker();
  server.onRecipient = () => 550;
  const row = await ended(await start({ to_email: 'ann@example.org' }, { max_retries: 3 }));
  expect(row).toMatchObject({
    status: 'failed',
    attempt: 1,
    error_message: expect.stringContaining('ann@example.org: 550'),
  });
});

test('a run that fails says who has the mail all the same; who may not read letters sees the statuses alone', async () => {
  await startWorker();
  server.onRecipient = (address) => ({ 'ben@example.org': 550, 'cem@example.org': 451 })[address];
  const taskId = await start({ to_email: PEOPLE.slice(0, 2), bcc: PEOPLE.slice(2) });
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

test('a worker that is killed half-way: the next sends to the others, and to nobody twice who has it', async () => {
  const env = {
    DATABASE_URL: db.url,
    REDIS_URL: testServices().storeUrl,
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_TASK_QUEUE: taskQueue,
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(server.port),
    SMTP_USE_TLS: 'false',
    SMTP_FROM: 'tasks@example.org',
    REDDIT_OAUTH_BASE_URL: 'http://127.0.0.1:9',
    REDDIT_WWW_BASE_URL: 'http://127.0.0.1:9',
  };
  const first = await startProcess('worker/main.js', env);
  processes.push(first);
  // The third copy never gets an answer.
  let isHeld = false;
  server.onMail = () => {
    if (server.mails.length < 2) return undefined;
    isHeld = true;
    return new Promise(() => undefined);
  };
  const taskId = await start({ to_email: PEOPLE });
  await waitFor(async () => isHeld);
  await first.kill();
  const { id } = await db.database('task_executions').where({ task_id: taskId }).first();
  expect(await db.database('mail_deliveries').where({ execution_id: id }).orderBy('recipient').pluck('state')).toEqual([
    'sent',
    'sent',
    'sending',
  ]);

  server.onMail = () => undefined;
  processes.push(await startProcess('worker/main.js', env));
  const row = await ended(taskId);
  expect(row).toMatchObject({ status: 'succeeded', attempt: 2 });
  expect(row.result.return_value.recipients.map(({ status }: { status: string }) => status)).toEqual([
    'already_sent',
    'already_sent',
    'sent',
    'sent',
  ]);
  expect(received()).toEqual(PEOPLE);
  expect(new Set(server.mails.map(({ parsed }) => parsed.messageId)).size).toBe(4);
});

test.each([
  ['cancelled', {}],
  ['timed_out', { timeout_seconds: 1 }],
])('a server that never answers holds no run that is %s, and nothing is sent afterwards', async (status, limits) => {
  await startWorker();
  let isHeld = false;
  let hangUp = (): void => undefined;
  server.onMail = () => {
    isHeld = true;
    return new Promise((resolve) => (hangUp = () => resolve(undefined)));
  };
  const taskId = await start({ to_email: PEOPLE }, limits);
  await waitFor(async () => isHeld);
  const askedAt = Date.now();
  if (status === 'cancelled') await temporal.client.workflow.getHandle(taskId).cancel();
  const row = await ended(taskId);
  expect(row).toMatchObject({
    status,
    result: {
      return_value: {
        sent: false,
        recipients: PEOPLE.map((to, index) => ({ to, status: index === 0 ? 'uncertain' : 'deferred', response: null })),
      },
    },
  });
  expect((row.completed_at as Date).getTime() - askedAt).toBeLessThan(5_000);
  await waitFor(async () => worker!.worker.getStatus().numInFlightActivities === 0);
  hangUp();
  expect(await db.database('mail_deliveries').where({ execution_id: row.id }).pluck('state')).toEqual(['sending']);
});

test('bad parameters are refused when the config is written', async () => {
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
