import { randomUUID } from 'node:crypto';
import { createMailer } from '../../../src/platform/mail/mailer';
import { createResetTokens } from '../../../src/platform/passwords/reset-tokens';
import { createResetMailReconciler } from '../../../src/scheduling/reconcile/reconcile-reset-mails';
import { createResetMails } from '../../../src/scheduling/temporal/reset-mails';
import { createPasswordResetRepository } from '../../../src/storage/accounts/password-reset-repository';
import { smtpOf, startMailServer, type MailServer } from '../../support/mail-server';
import { waitFor } from '../../support/process';
import { recordHistory } from '../../support/record-history';
import { connectTestTemporal, startTestWorker, type TestWorker } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { mailVariables, useWorkerProcesses } from '../../support/worker-process';
import { createTestApi, SECRET, type TestApi } from '../../support/api-support';
import type { TemporalConnection } from '../../../src/platform/temporal';

jest.setTimeout(120_000);

let db: TestDatabase;
let temporal: TemporalConnection;
let server: MailServer;
let api: TestApi;
let worker: TestWorker | undefined;
const startWorkerProcess = useWorkerProcesses();
let taskQueue: string;

beforeAll(async () => {
  temporal = await connectTestTemporal();
});
beforeEach(async () => {
  taskQueue = `reset-mail-${randomUUID()}`;
  [db, server] = await Promise.all([createTestDatabase(), startMailServer()]);
  api = await createTestApi({ database: db.database, temporal, taskQueue });
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await api.close();
  await server.close();
  await db.drop();
});
afterAll(() => temporal?.close());

async function startWorker(port = server.port, secret = SECRET) {
  const mailer = createMailer(smtpOf({ port }));
  const started = await startTestWorker({
    database: db.database,
    taskQueue,
    temporal: await connectTestTemporal(),
    resetMail: { mailer, resetTokens: createResetTokens(secret) },
  });
  worker = { ...started, stop: () => started.stop().finally(() => mailer.close()) };
}
async function forgot(email = 'user@example.com', headers: Record<string, string> = {}) {
  const answer = await api.anonymous('POST', '/auth/forgot-password', { email }, headers);
  await api.services.resets.settle();
  return answer;
}
const resetRow = async () => db.database('password_resets').first();
const workflowOf = (row: { public_id: string }) =>
  temporal.client.workflow.getHandle(`password-reset-${row.public_id}`);
const outcome = async () => workflowOf(await resetRow()).result();
const tokenIn = (text = '') => /token=([\w-]+)/.exec(text)?.[1] ?? '';
const reconcile = () =>
  createResetMailReconciler({
    resets: createPasswordResetRepository(db.database),
    resetMails: createResetMails({ client: temporal.client, taskQueue }),
    workflowClient: temporal.client.workflow,
    graceMs: 0,
  })();
const reset = (token: string) =>
  api.anonymous('POST', '/auth/reset-password', { token, new_password: 'another long one' });

test('mails a link that works; token and link are stored nowhere else', async () => {
  await startWorker();
  // Whoever registers somebody else's address chooses the names.
  await db
    .database('users')
    .where({ username: 'user' })
    .update({ username: 'call-0900-now', full_name: 'You have won\r\nBcc: other@example.org' });
  await forgot('user@example.com', {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    forwarded: 'host=evil.example',
    origin: 'https://evil.example',
    referer: 'https://evil.example/',
  });
  expect(await outcome()).toBe('sent');
  const row = await resetRow();
  expect(row).toMatchObject({ mail_state: 'sent', mailed_at: expect.any(Date) });
  expect(server.mails).toMatchObject([
    {
      to: ['user@example.com'],
      parsed: {
        subject: 'Reset your Taskloom password / 重置 Taskloom 密码',
        messageId: `<password-reset-${row.public_id}@example.org>`,
        to: [{ address: 'user@example.com' }],
      },
    },
  ]);
  const { raw, parsed } = server.mails[0]!;
  expect(raw).not.toContain('evil');
  expect(raw.split('\r\n\r\n')[0]).not.toMatch(/^bcc/im);
  for (const part of ['won', 'other@example.org', '0900']) expect(raw + parsed.text).not.toContain(part);
  const token = tokenIn(parsed.text);
  expect(parsed.text).toContain(`https://app.example/reset-password?token=${token}`);
  expect(parsed.html).toContain(`href="https://app.example/reset-password?token=${token}"`);

  const history = JSON.stringify(await workflowOf(row).fetchHistory(), (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  );
  expect(history).toContain(row.public_id);
  for (const secret of [token, 'user@example.com', 'app.example']) expect(history).not.toContain(secret);
  expect(JSON.stringify(row)).not.toContain(token);
  if (process.env['RECORD_HISTORIES'])
    await recordHistory('the-mail-of-a-password-reset-1', workflowOf(row).workflowId);

  expect((await reset(token)).status).toBe(200);
  expect(
    (await api.anonymous('POST', '/auth/login', { username: 'user@example.com', password: 'another long one' })).status,
  ).toBe(200);
});

test('creates no row and no workflow for an unknown or inactive user, with the same answer', async () => {
  const known = await forgot();
  for (const email of ['nobody@example.com', 'idle@example.com'])
    expect(await forgot(email)).toMatchObject({ status: known.status, text: known.text });
  expect(await db.database('password_resets')).toHaveLength(1);
  const row = await resetRow();
  const ofQueue = async () => {
    const ids: string[] = [];
    for await (const { workflowId } of temporal.client.workflow.list({
      query: `TaskQueue = ${JSON.stringify(taskQueue)}`,
    }))
      ids.push(workflowId);
    return ids;
  };
  await waitFor(async () => (await ofQueue()).length > 0);
  expect(await ofQueue()).toEqual([`password-reset-${row.public_id}`]);
  await workflowOf(row).terminate();
});

test('delivers once a mail server that was down or refused temporarily is back', async () => {
  const { port } = server;
  await server.close();
  await startWorker(port);
  await forgot();
  const row = await resetRow();
  await waitFor(async () =>
    (await workflowOf(row).describe()).raw.pendingActivities?.some(({ attempt }) => (attempt ?? 0) > 1),
  );
  expect(await resetRow()).toMatchObject({ mail_state: 'pending', mailed_at: null });
  // The reconcile pass finds it at work, and leaves it.
  await waitFor(
    async () =>
      (
        await temporal.client.workflow.count(
          `ExecutionStatus = 'Running' AND WorkflowId = 'password-reset-${row.public_id}'`,
        )
      ).count === 1,
  );
  expect(await reconcile()).toEqual({ resetMailsStarted: 0 });

  server = await startMailServer({ port });
  let refusals = 0;
  server.onRecipient = () => (refusals++ === 0 ? 451 : undefined);
  expect(await outcome()).toBe('sent');
  expect([server.mails.length, refusals]).toEqual([1, 2]);
});

test('tries once when the server refuses the address for good', async () => {
  let asked = 0;
  server.onRecipient = () => ((asked += 1), 550);
  await startWorker();
  await forgot();
  expect(await outcome()).toBe('refused');
  expect(asked).toBe(1);
  expect(await resetRow()).toMatchObject({ mail_state: 'failed', mailed_at: null });
  expect(await reconcile()).toEqual({ resetMailsStarted: 0 });
});

test.each<[string, () => Promise<unknown>]>([
  ['used', () => db.database('password_resets').update({ used_at: new Date() })],
  ['expired', () => db.database('password_resets').update({ expires_at: new Date(Date.now() - 1_000) })],
  ['replaced by a newer one', () => forgot()],
  [
    'of a user who may not sign in',
    () => db.database('users').where({ username: 'user' }).update({ is_active: false }),
  ],
])('a reset that is %s is not mailed', async (_, change) => {
  await forgot();
  const first = await resetRow();
  await change();
  await startWorker();
  expect(await workflowOf(first).result()).toBe('over');
  if ((await resetRow())?.public_id !== first.public_id) expect(await outcome()).toBe('sent');
  expect(server.mails.map(({ parsed }) => parsed.messageId)).not.toContain(
    `<password-reset-${first.public_id}@example.org>`,
  );
});

test('mails no link from a worker with another secret', async () => {
  await forgot();
  await startWorker(server.port, 'a secret that the API does not have');
  expect(await outcome()).toBe('refused');
  expect(server.mails).toEqual([]);
});

test('reconcile starts once every mail that the API could not start', async () => {
  const resets = createPasswordResetRepository(db.database);
  const tokens = createResetTokens(SECRET);
  const ids = [randomUUID(), randomUUID()];
  for (const [index, id] of ids.entries())
    await resets.create(api.userIds[index] ?? 0, { id, tokenHash: tokens.hashOf(id) }, 3_600);
  expect(await reconcile()).toEqual({ resetMailsStarted: 2 });
  expect(await reconcile()).toEqual({ resetMailsStarted: 0 });
  await startWorker();
  await Promise.all(ids.map((id) => temporal.client.workflow.getHandle(`password-reset-${id}`).result()));
  expect(server.mails.map(({ to }) => to[0]).sort()).toEqual(['root@example.com', 'user@example.com']);
  expect(await reconcile()).toEqual({ resetMailsStarted: 0 });
});

test('sends the mail again under the same message id after a worker was killed while sending', async () => {
  const more = { ...mailVariables(server), JWT_SECRET_KEY: SECRET, FRONTEND_URL: 'https://app.example' };
  const options = { db, namespace: temporal.namespace, taskQueue, more };
  const first = await startWorkerProcess(options);
  // It has the whole mail, and has not answered.
  let isHeld = false;
  server.onMail = () => {
    isHeld = true;
    return new Promise(() => undefined);
  };
  await forgot();
  await waitFor(async () => isHeld);
  expect(await resetRow()).toMatchObject({ mail_state: 'sending' });
  await first.kill();
  server.onMail = () => undefined;
  const row = await resetRow();
  const second = await startWorkerProcess(options);
  expect(await outcome()).toBe('sent');
  expect(server.mails).toMatchObject([{ parsed: { messageId: `<password-reset-${row.public_id}@example.org>` } }]);
  for (const process of [first, second]) expect(process.logText()).not.toContain(tokenIn(server.mails[0]?.parsed.text));
});
