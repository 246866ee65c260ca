import { randomUUID } from 'node:crypto';
import { recordHistory } from '../../support/record-history';
import { findConfigFault } from '../../../src/tasks/registry';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { waitFor } from '../../support/process';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import type { RunRequest } from '../../../src/workflows';
import type * as workflows from '../../../src/workflows';

let db: TestDatabase;
let worker: TestWorker;

beforeAll(async () => {
  db = await createTestDatabase();
  worker = await startTestWorker({ database: db.database });
});
afterAll(async () => {
  await worker?.stop();
  await db?.drop();
});

function createConfig(overrides: {
  taskType: string;
  parameters?: Record<string, unknown>;
  maxRetries?: number;
  timeoutSeconds?: number | null;
}) {
  return createTaskConfigRepository(db.database).create({
    name: `config of ${overrides.taskType}`,
    description: null,
    schedulerType: 'manual',
    parameters: {},
    scheduleConfig: {},
    maxRetries: 0,
    timeoutSeconds: null,
    priority: 5,
    ...overrides,
  });
}

async function start(request: Partial<RunRequest> & { configId: number | null }) {
  const workflowId = `test-${randomUUID()}`;
  started.push(workflowId);
  return worker.temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
    workflowId,
    taskQueue: worker.taskQueue,
    args: [{ triggeredBy: 'manual', ...request }],
  });
}

const executionOf = async (workflowId: string) =>
  (await db.database('task_executions').where({ workflow_id: workflowId }))[0];
const attemptsOf = async (executionId: number) =>
  db.database('task_attempts').where({ execution_id: executionId }).orderBy('attempt');

const started: string[] = [];
afterEach(async () => {
  const ids = started.splice(0);
  if (!process.env['RECORD_HISTORIES']) return;
  for (const [index, id] of ids.entries()) await recordHistory(`${expect.getState().currentTestName}-${index + 1}`, id);
});

test('a short task leaves a row with its result, its duration and one attempt', async () => {
  const config = await createConfig({ taskType: 'HEALTH_CHECK' });
  const handle = await start({ configId: config.id });
  const result = await handle.result();
  const row = await executionOf(handle.workflowId);
  expect(row).toMatchObject({
    task_id: handle.workflowId,
    config_id: config.id,
    task_type: 'HEALTH_CHECK',
    status: 'succeeded',
    is_success: true,
    triggered_by: 'manual',
    result: { return_value: result },
  });
  expect(result).toMatchObject({
    config_id: config.id,
    status: 'healthy',
    components: { postgres: { status: 'healthy' } },
  });
  expect(typeof row.duration_seconds).toBe('number');
  expect(await attemptsOf(row.id)).toMatchObject([{ attempt: 1, outcome: 'succeeded', failure: null }]);
});

test('a long task runs as an activity of its own', async () => {
  const config = await createConfig({ taskType: 'TEST_SHORT_TIMEOUT', parameters: { sleep_seconds: 0.1 } });
  const handle = await start({ configId: config.id });
  await handle.result();
  const row = await executionOf(handle.workflowId);
  expect(row).toMatchObject({
    status: 'succeeded',
    result: { return_value: { sleep_seconds: 0.1, status: 'completed' } },
  });
  const { events } = await handle.fetchHistory();
  expect(events?.filter((event) => event.activityTaskScheduledEventAttributes)).toHaveLength(1);
});

test('every failed attempt has a row, and the last one ends the run with its traceback', async () => {
  const config = await createConfig({
    taskType: 'TEST_FAILURE',
    parameters: { error_type: 'zero_division' },
    maxRetries: 2,
  });
  const handle = await start({ configId: config.id });
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(row).toMatchObject({
    status: 'failed',
    is_success: false,
    attempt: 3,
    error_message: 'Test failure: division by zero',
  });
  expect(row.error_traceback).toContain('test-failure');
  expect(await attemptsOf(row.id)).toMatchObject(
    [1, 2, 3].map((attempt) => ({
      attempt,
      outcome: 'failed',
      failure: { type: 'RangeError', message: 'Test failure: division by zero' },
    })),
  );
});

test('without retries one attempt is all there is', async () => {
  const handle = await start({ configId: (await createConfig({ taskType: 'TEST_FAILURE' })).id });
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(await attemptsOf(row.id)).toHaveLength(1);
  expect((await handle.describe()).status.name).toBe('FAILED');
});

test('the time limit ends the run as timed out, and its activity with it', async () => {
  const config = await createConfig({
    taskType: 'TEST_TIMEOUT',
    parameters: { sleep_seconds: 600 },
    timeoutSeconds: 1,
    maxRetries: 3,
  });
  const handle = await start({ configId: config.id });
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(row).toMatchObject({ status: 'timed_out', error_message: 'Timed out after 1 s' });
  expect(await attemptsOf(row.id)).toMatchObject([{ outcome: 'timed_out' }]);
});

test('a cancelled run stops its work and is recorded as cancelled', async () => {
  const handle = await start({
    configId: (await createConfig({ taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: 600 } })).id,
  });
  const running = await waitFor(async () => {
    const row = await executionOf(handle.workflowId);
    return row && (await attemptsOf(row.id)).length > 0 && row;
  });
  expect(running.status).toBe('running');
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect(await executionOf(handle.workflowId)).toMatchObject({ status: 'cancelled' });
  expect((await handle.describe()).status.name).toBe('CANCELLED');
});

test('a short task that waits for its next attempt is cancelled too', async () => {
  const handle = await start({ configId: (await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 10 })).id });
  await waitFor(async () => {
    const row = await executionOf(handle.workflowId);
    return row && (await attemptsOf(row.id)).some((attempt) => attempt.outcome === 'failed');
  });
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect((await attemptsOf(row.id)).length).toBeLessThan(4);
});

test('the time limit spans all attempts of a short task', async () => {
  const handle = await start({
    configId: (await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 10, timeoutSeconds: 2 })).id,
  });
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(row).toMatchObject({ status: 'timed_out', error_message: 'Timed out after 2 s' });
  expect((await attemptsOf(row.id)).length).toBeLessThan(4);
});

test('text that PostgreSQL cannot hold is mended, not stumbled over', async () => {
  const odd = { sleep_seconds: 0, nul: 'a\0b', escape: 'a\\u0000b', half: 'a\ud800b', '\0key': 1 };
  const handle = await start({ configId: null, taskType: 'TEST_SHORT_TIMEOUT', parameters: odd });
  await handle.result();
  expect((await executionOf(handle.workflowId)).parameters).toEqual({
    sleep_seconds: 0,
    nul: 'ab',
    escape: 'a\\u0000b',
    half: 'a\ufffdb',
    key: 1,
  });
});

test('parameters that no longer fit fail at once, whatever the retries', async () => {
  const config = await createConfig({ taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: 'soon' }, maxRetries: 5 });
  const handle = await start({ configId: config.id });
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(row.error_message).toBe(
    'Its parameters do not fit TEST_TIMEOUT: sleep_seconds: Invalid input: expected number, received string',
  );
  expect(row.error_message).toBe(findConfigFault(config.taskType, config.parameters));
  expect(await attemptsOf(row.id)).toMatchObject([{ failure: { type: 'PermanentTaskError', isRetryable: false } }]);
});

test('a config or task type that is gone is a clear failure', async () => {
  const gone = await start({ configId: 999_999 });
  await expect(gone.result()).rejects.toThrow();
  expect(await executionOf(gone.workflowId)).toMatchObject({
    status: 'failed',
    config_id: null,
    error_message: 'The task config no longer exists',
  });
  const unknown = await start({ configId: null, taskType: 'NO_SUCH_TYPE' });
  await expect(unknown.result()).rejects.toThrow();
  expect(await executionOf(unknown.workflowId)).toMatchObject({
    status: 'failed',
    error_message: 'Unknown task type NO_SUCH_TYPE',
  });
});

test('the plan is fixed when the run begins: a retry repeats its parameters, not those of today', async () => {
  const config = await createConfig({ taskType: 'TEST_SHORT_TIMEOUT', parameters: { sleep_seconds: 0 } });
  const first = await start({ configId: config.id });
  await first.result();
  const firstRow = await executionOf(first.workflowId);
  await createTaskConfigRepository(db.database).update(config.id, { parameters: { sleep_seconds: 60 } });
  const second = await start({
    configId: config.id,
    parameters: firstRow.parameters,
    triggeredBy: 'retry',
    retryOf: firstRow.id,
  });
  expect(await second.result()).toMatchObject({ sleep_seconds: 0 });
  expect(await executionOf(second.workflowId)).toMatchObject({ retry_of: firstRow.id, triggered_by: 'retry' });
});

describe('a batch', () => {
  const startBatch = (configIds: number[]) => {
    const workflowId = `batch-${randomUUID()}`;
    started.push(workflowId);
    return worker.temporal.client.workflow.start<typeof workflows.runBatch>('runBatch', {
      workflowId,
      taskQueue: worker.taskQueue,
      args: [{ configIds }],
    });
  };

  test('runs short tasks inside it and gives the others a workflow each', async () => {
    const health = await createConfig({ taskType: 'HEALTH_CHECK' });
    const failing = await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 1 });
    const long = await createConfig({ taskType: 'TEST_SHORT_TIMEOUT', parameters: { sleep_seconds: 0 } });
    const handle = await startBatch([health.id, failing.id, long.id, health.id, 999_999]);
    expect(await handle.result()).toMatchObject({ total: 5, succeeded: 2 });
    const rows = await db
      .database('task_executions')
      .where('task_id', 'like', `${handle.workflowId}-%`)
      .orderBy('task_id');
    expect(
      rows.map((row) => [row.task_id.replace(handle.workflowId, ''), row.status, row.attempt, row.triggered_by]),
    ).toEqual([
      ['-1', 'succeeded', 1, 'batch'],
      ['-2', 'failed', 2, 'batch'],
      ['-3', 'succeeded', 1, 'batch'],
      ['-4', 'succeeded', 1, 'batch'],
      ['-5', 'failed', 1, 'batch'],
    ]);
    expect(rows[2].workflow_id).toBe(rows[2].task_id);
  });

  test('a run that is not wanted any more is stopped before it begins, with or without a workflow of its own', async () => {
    const health = await createConfig({ taskType: 'HEALTH_CHECK' });
    const long = await createConfig({ taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: 600 } });
    const workflowId = `batch-${randomUUID()}`;
    // Signal and start arrive together: no row is there yet.
    const handle = await worker.temporal.client.workflow.signalWithStart<typeof workflows.runBatch, [number]>(
      'runBatch',
      {
        workflowId,
        taskQueue: worker.taskQueue,
        args: [{ configIds: [health.id, health.id, long.id] }],
        signal: 'cancelRun',
        signalArgs: [2],
      },
    );
    await handle.signal<[number]>('cancelRun', 3);
    expect(await handle.result()).toMatchObject({ total: 3, succeeded: 1 });
    const rows = await db.database('task_executions').where('task_id', 'like', `${workflowId}-%`).orderBy('task_id');
    expect(rows.map((row) => row.status)).toEqual(['succeeded', 'cancelled', 'cancelled']);
  });

  test('the time limit and the retries of a run in a batch are its own', async () => {
    const limited = await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 10, timeoutSeconds: 2 });
    const retried = await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 2 });
    const handle = await startBatch([limited.id, retried.id]);
    expect(await handle.result()).toMatchObject({ total: 2, succeeded: 0 });
    const rows = await db
      .database('task_executions')
      .where('task_id', 'like', `${handle.workflowId}-%`)
      .orderBy('task_id');
    expect(rows.map((row) => [row.status, row.attempt])).toEqual([
      ['timed_out', expect.any(Number)],
      ['failed', 3],
    ]);
  });

  test('a cancelled batch cancels what it has not done', async () => {
    const long = await createConfig({ taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: 600 } });
    const failing = await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 10 });
    const handle = await startBatch([long.id, failing.id]);
    await waitFor(
      async () =>
        Number(
          (await db.database('task_executions').where('task_id', 'like', `${handle.workflowId}-%`).count())[0]?.count,
        ) === 2,
    );
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    const statuses = await waitFor(async () => {
      const rows = await db.database('task_executions').where('task_id', 'like', `${handle.workflowId}-%`);
      return rows.every((row) => row.status !== 'running') && rows.map((row) => row.status);
    });
    expect(statuses).toEqual(['cancelled', 'cancelled']);
  });
});
