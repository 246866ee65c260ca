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

/** Runs the container's health check; returns its exit code and standard error. */
function checkHealth(
  taskQueue: string,
  address = testServices().temporalAddress,
): Promise<{ code: unknown; standardError: string }> {
  const env = {
    PATH: process.env.PATH,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
  };
  return new Promise((resolve) =>
    execFile(process.execPath, [SCRIPT], { env }, (error, _stdout, stderr) =>
      resolve({ code: error ? error.code : 0, standardError: stderr }),
    ),
  );
}

/** Polls the task queue as a worker with that identity would, until `during` is done. */
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

it('reports a worker that polls as healthy', async () => {
  const taskQueue = `health-${randomUUID()}`;
  expect(await whilePolling(taskQueue, `${hostname()}:1`, () => checkHealth(taskQueue))).toEqual({
    code: 0,
    standardError: '',
  });
});

it('reports a worker that does not poll as unhealthy, even while one on another host polls', async () => {
  const taskQueue = `health-${randomUUID()}`;
  const { code, standardError } = await whilePolling(taskQueue, 'another-host:1', () => checkHealth(taskQueue));
  expect({ code, standardError }).toEqual({ code: 1, standardError: expect.stringContaining(taskQueue) });
});

it('reports a worker that cannot reach Temporal as unhealthy', async () => {
  expect(await checkHealth('any', '127.0.0.1:1')).toMatchObject({ code: 1 });
});
