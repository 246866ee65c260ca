import { randomUUID } from 'node:crypto';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { startProcess, waitFor, type TestProcess } from '../../support/process';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import { testServices } from '../../support/test-services';
import type { TemporalConnection } from '../../../src/platform/temporal';
import type * as workflows from '../../../src/workflows';

jest.setTimeout(180_000);

let db: TestDatabase;
let temporal: TemporalConnection;
let env: NodeJS.ProcessEnv;
const taskQueue = `faults-${randomUUID()}`;
const workers: TestProcess[] = [];

const startWorker = async () => {
  const worker = await startProcess('worker/main.js', env);
  workers.push(worker);
  return worker;
};

beforeAll(async () => {
  db = await createTestDatabase();
  temporal = await createTestNamespace();
  env = {
    DATABASE_URL: db.url,
    REDIS_URL: testServices().storeUrl,
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
    // Nothing here asks Reddit.
    REDDIT_OAUTH_BASE_URL: 'http://127.0.0.1:9',
    REDDIT_WWW_BASE_URL: 'http://127.0.0.1:9',
    WORKER_SHUTDOWN_GRACE_SECONDS: '2',
  };
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.kill();
});
afterAll(async () => {
  await temporal?.close();
  await db?.drop();
});

const createConfig = (taskType: string, parameters: Record<string, unknown> = {}) =>
  createTaskConfigRepository(db.database).create({
    name: taskType,
    description: null,
    taskType,
    schedulerType: 'manual',
    parameters,
    scheduleConfig: {},
    maxRetries: 0,
    timeoutSeconds: null,
    priority: 5,
  });

async function start(configId: number) {
  const workflowId = `fault-${randomUUID()}`;
  return temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
    workflowId,
    taskQueue,
    args: [{ configId, triggeredBy: 'manual' }],
  });
}

const rowOf = async (workflowId: string) =>
  (await db.database('task_executions').where({ workflow_id: workflowId }))[0];
const attemptsOf = async (executionId: number) =>
  db.database('task_attempts').where({ execution_id: executionId }).orderBy('attempt');

test('a worker that shuts down hands over its run, although the config allows no retry', async () => {
  const config = await createConfig('TEST_TIMEOUT', { sleep_seconds: 6 });
  const first = await startWorker();
  const handle = await start(config.id);
  await waitFor(async () => {
    const row = await rowOf(handle.workflowId);
    return row && (await attemptsOf(row.id)).length === 1;
  });
  await Promise.all([first.stop(), startWorker()]);
  await handle.result();
  const row = await rowOf(handle.workflowId);
  expect(await attemptsOf(row.id)).toMatchObject([
    { outcome: 'lost', failure: { message: 'WORKER_SHUTDOWN' } },
    { outcome: 'succeeded' },
  ]);
});

test('50 queued runs survive a killed worker, and each ends exactly once', async () => {
  const config = await createConfig('HEALTH_CHECK');
  const slow = await createConfig('TEST_SHORT_TIMEOUT', { sleep_seconds: 1 });
  const handles = await Promise.all(Array.from({ length: 50 }, (_, n) => start(n % 5 === 0 ? slow.id : config.id)));
  const first = await startWorker();
  const ended = async () =>
    (
      await db
        .database('task_executions')
        .whereIn(
          'workflow_id',
          handles.map((handle) => handle.workflowId),
        )
        .where('status', 'succeeded')
    ).length;
  await waitFor(async () => (await ended()) >= 5);
  await first.kill();
  expect(await ended()).toBeLessThan(50);
  await startWorker();
  await Promise.all(handles.map((handle) => handle.result()));
  const rows = await db.database('task_executions').whereIn(
    'workflow_id',
    handles.map((handle) => handle.workflowId),
  );
  expect(rows).toHaveLength(50);
  expect(rows.every((row) => row.status === 'succeeded')).toBe(true);
  const succeeded = await db
    .database('task_attempts')
    .whereIn(
      'execution_id',
      rows.map((row) => row.id),
    )
    .where('outcome', 'succeeded');
  expect(succeeded).toHaveLength(50);
});

test('when a worker is killed in mid-batch, no run is lost and no ended run is repeated', async () => {
  const config = await createConfig('HEALTH_CHECK');
  const configIds = Array<number>(3_000).fill(config.id);
  const first = await startWorker();
  const workflowId = `batch-${randomUUID()}`;
  const handle = await temporal.client.workflow.start<typeof workflows.runBatch>('runBatch', {
    workflowId,
    taskQueue,
    args: [{ configIds }],
  });
  const batch = () => db.database('task_executions').where({ workflow_id: workflowId });
  await waitFor(async () => (await batch().where('status', 'succeeded')).length >= 200);
  await first.kill();
  const endedBefore = (await batch().where('status', 'succeeded').select('id')).map((row) => row.id as number);
  expect(endedBefore.length).toBeLessThan(3_000);
  await startWorker();
  expect(await handle.result()).toEqual({ total: 3_000, succeeded: 3_000, failed: 0 });
  expect(await batch().where('status', 'succeeded')).toHaveLength(3_000);
  const attempts = await db.database('task_attempts').whereIn('execution_id', batch().select('id'));
  expect(attempts.filter((attempt) => attempt.outcome === 'succeeded')).toHaveLength(3_000);
  // The first attempt of a run is lost if it was running when the worker died. There are at most 25 in each slice.
  const lost = attempts.filter((attempt) => attempt.outcome === 'lost');
  expect(lost.length).toBeLessThanOrEqual(100);
  expect(attempts.filter((attempt) => endedBefore.includes(attempt.execution_id as number))).toHaveLength(
    endedBefore.length,
  );
});
