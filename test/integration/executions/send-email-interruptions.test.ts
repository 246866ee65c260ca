import { waitFor } from '../../support/process';
import { PEOPLE, useMailStack, type MailStack } from '../../support/mail-runs';
import { mailVariables, useWorkerProcesses } from '../../support/worker-process';

jest.setTimeout(120_000);

let db: MailStack['db'];
let temporal: MailStack['temporal'];
let server: MailStack['server'];
let taskQueue: string;
const { startWorker, sendLetter, ended, received } = useMailStack((stack) => {
  ({ db, temporal, server, taskQueue } = stack);
});

const startWorkerProcess = useWorkerProcesses();

test('after a worker was killed half-way, the next one sends only the remaining copies', async () => {
  const options = { db, namespace: temporal.namespace, taskQueue, more: mailVariables(server) };
  const first = await startWorkerProcess(options);
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
  await startWorkerProcess(options);
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
