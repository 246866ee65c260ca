import { startProcess, waitFor, type TestProcess } from '../../support/process';
import { PEOPLE, useMailStack, type MailStack } from '../../support/mail-runs';
import { testServices } from '../../support/test-services';

jest.setTimeout(120_000);

let db: MailStack['db'];
let temporal: MailStack['temporal'];
let server: MailStack['server'];
let taskQueue: string;
const { startWorker, sendLetter, ended, received } = useMailStack((stack) => {
  ({ db, temporal, server, taskQueue } = stack);
});

const processes: TestProcess[] = [];
afterEach(async () => {
  for (const process of processes.splice(0)) await process.kill();
});

test('after a worker was killed half-way, the next one sends only the remaining copies', async () => {
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
  const taskId = await sendLetter({ to_email: PEOPLE });
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
  const worker = await startWorker();
  let isHeld = false;
  let hangUp = (): void => undefined;
  server.onMail = () => {
    isHeld = true;
    return new Promise((resolve) => (hangUp = () => resolve(undefined)));
  };
  const taskId = await sendLetter({ to_email: PEOPLE }, limits);
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
  await waitFor(async () => worker.worker.getStatus().numInFlightActivities === 0);
  hangUp();
  expect(await db.database('mail_deliveries').where({ execution_id: row.id }).pluck('state')).toEqual(['sending']);
});
