import { randomUUID } from 'node:crypto';
import { createMailer, type Mailer } from '../../src/platform/mail/mailer';
import { createMailDeliveryRepository } from '../../src/storage/executions/mail-delivery-repository';
import { type TestStack, useTestApi } from './api-support';
import { smtpOf, startMailServer, type MailServer } from './mail-server';
import { waitFor } from './process';
import { connectTestTemporal, startTestWorker, type TestWorker } from './task-worker';

export const PEOPLE = ['ann', 'ben', 'cem', 'dan'].map((name) => `${name}@example.org`);
export const LETTER = { subject: 'Neues für alle', content: 'as text', html: '<p>as page</p>' };

export interface MailStack extends TestStack {
  server: MailServer;
  taskQueue: string;
}

/** An API and a mail server for all tests of this file; `use` is given them. A test starts its own worker. */
export function useMailStack(use: (stack: MailStack) => void) {
  const taskQueue = `send-email-${randomUUID()}`;
  let parts: TestStack;
  let stack: MailStack;
  let mailer: Mailer | undefined;
  let worker: TestWorker | undefined;

  useTestApi('file', (started) => (parts = started), { taskQueue });
  beforeAll(async () => {
    const server = await startMailServer();
    mailer = createMailer(smtpOf(server));
    stack = { ...parts, server, taskQueue };
    use(stack);
  });
  beforeEach(() => {
    stack.server.mails.splice(0);
    stack.server.onRecipient = stack.server.onMail = () => undefined;
  });
  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
  });
  afterAll(async () => {
    mailer?.close();
    await stack?.server.close();
  });

  return {
    startWorker: async () =>
      (worker = await startTestWorker({
        database: stack.db.database,
        taskQueue,
        temporal: await connectTestTemporal(),
        services: { mailer: mailer!, deliveries: createMailDeliveryRepository(stack.db.database) },
      })),
    /** Creates a config that sends `LETTER`, and runs it. Returns the task id. */
    sendLetter: async (parameters: object, limits: object = {}): Promise<string> => {
      const created = await stack.api.root('POST', '/tasks/configs', {
        name: 'a mail',
        task_type: 'SEND_EMAIL',
        scheduler_type: 'manual',
        schedule_config: {},
        parameters: { ...LETTER, ...parameters },
        ...limits,
      });
      expect(created).toMatchObject({ status: 201 });
      const { status, body } = await stack.api.root('POST', `/tasks/execute/${created.body.id}`);
      expect([status, body.task_id]).toEqual([expect.any(Number), expect.any(String)]);
      return body.task_id as string;
    },
    ended: (taskId: string) =>
      waitFor(async () =>
        stack.db.database('task_executions').where({ task_id: taskId }).whereNot({ status: 'running' }).first(),
      ),
    /** The first recipients of the mails that the server has accepted. */
    received: () => stack.server.mails.map(({ to }) => to[0]).sort(),
  };
}
