import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import { waitFor } from '../../support/process';
import { connectTestTemporal } from '../../support/task-worker';
import { testServices } from '../../support/test-services';
import type { TemporalConnection } from '../../../src/platform/temporal';

const SCRIPT = path.resolve(__dirname, '../../../deploy/worker-health.cjs');
const namespace = 'default';
let temporal: TemporalConnection;

beforeAll(async () => void (temporal = await connectTestTemporal()));
afterAll(() => temporal.close());

/** What the container's health check runs: its exit code, and what it complains of. */
function checkHealth(
  taskQueue: string,
  address = testServices().temporalAddress,
): Promise<{ code: unknown; complaint: string }> {
  const env = {
    PATH: process.env.PATH,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
  };
  return new Promise((resolve) =>
    execFile(process.execPath, [SCRIPT], { env }, (error, _stdout, stderr) =>
      resolve({ code: error ? error.code : 0, complaint: stderr }),
    ),
  );
}

/** Asks for work as a worker of that name does, while `during` lasts. */
async function whilePolling<Answer>(
  taskQueue: string,
  identity: string,
  during: () => Promise<Answer>,
): Promise<Answer> {
  const abort = new AbortController();
  const { connection } = temporal;
  const ask = () =>
    connection.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: taskQueue }, identity });
  const asking = connection
    .withDeadline(Date.now() + 30_000, () => connection.withAbortSignal(abort.signal, ask))
    .catch(() => undefined);
  try {
    await waitFor(
      async () =>
        (
          await connection.workflowService.describeTaskQueue({
            namespace,
            taskQueue: { name: taskQueue },
            taskQueueType: 1,
          })
        ).pollers.length > 0,
    );
    return await during();
  } finally {
    abort.abort();
    await asking;
  }
}

it('a worker that asks for work is healthy', async () => {
  const taskQueue = `health-${randomUUID()}`;
  expect(await whilePolling(taskQueue, `${hostname()}:1`, () => checkHealth(taskQueue))).toEqual({
    code: 0,
    complaint: '',
  });
});

it('a worker that does not is unhealthy, even while one on another host does', async () => {
  const taskQueue = `health-${randomUUID()}`;
  const { code, complaint } = await whilePolling(taskQueue, 'another-host:1', () => checkHealth(taskQueue));
  expect({ code, complaint }).toEqual({ code: 1, complaint: expect.stringContaining(taskQueue) });
});

it('a worker that cannot reach Temporal is unhealthy', async () => {
  expect(await checkHealth('any', '127.0.0.1:1')).toMatchObject({ code: 1 });
});
