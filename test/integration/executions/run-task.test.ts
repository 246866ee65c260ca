import { randomUUID } from 'node:crypto';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import { findConfigError } from '../../../src/tasks/registry';
import { waitFor } from '../../support/process';
import { useTestWorker } from '../../support/run-support';

const { database, createConfig, startTask, executionOf, attemptsOf } = useTestWorker();

test('a short task leaves a row with its result, its duration and one attempt', async () => {
  const config = await createConfig({ taskType: 'HEALTH_CHECK' });
  const handle = await startTask({ configId: config.id });
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
  const handle = await startTask({ configId: config.id });
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
  const handle = await startTask({ configId: config.id });
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
  const handle = await startTask({ configId: (await createConfig({ taskType: 'TEST_FAILURE' })).id });
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
  const handle = await startTask({ configId: config.id });
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(row).toMatchObject({ status: 'timed_out', error_message: 'Timed out after 1 s' });
  expect(await attemptsOf(row.id)).toMatchObject([{ outcome: 'timed_out' }]);
});

test('a cancelled run stops its work and is recorded as cancelled', async () => {
  const handle = await startTask({
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
  const handle = await startTask({ configId: (await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 10 })).id });
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
  const handle = await startTask({
    configId: (await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 10, timeoutSeconds: 2 })).id,
  });
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(row).toMatchObject({ status: 'timed_out', error_message: 'Timed out after 2 s' });
  expect((await attemptsOf(row.id)).length).toBeLessThan(4);
});

test('an attempt that timed out uses up a retry as a failed one does, and a lost one does not', async () => {
  const executions = createExecutionRepository(database());
  const workflowId = `attempts-${randomUUID()}`;
  const startedAt = new Date();
  const { id } = await executions.begin({
    taskId: workflowId,
    workflowId,
    runId: randomUUID(),
    configId: null,
    taskType: 'HEALTH_CHECK',
    triggeredBy: 'manual',
    startedAt,
  });
  const open = async () => (await executions.openAttempts([id], 'worker', new Date()))[0];
  const failure = { type: 'E', message: 'm', traceback: null, isRetryable: true };
  await open();
  await executions.failAttempt(id, 1, 'timed_out', failure, new Date());
  expect(await open()).toMatchObject({ attempt: 2, failedAttempts: 1, lostAttempts: 0 });
  await executions.failAttempt(id, 2, 'failed', failure, new Date());
  expect(await open()).toMatchObject({ attempt: 3, failedAttempts: 2, lostAttempts: 0 });
  expect(await open()).toMatchObject({ attempt: 4, failedAttempts: 2, lostAttempts: 1 });
});

test('text that PostgreSQL cannot hold is mended, not stumbled over', async () => {
  const odd = { sleep_seconds: 0, nul: 'a\0b', escape: 'a\\u0000b', half: 'a\ud800b', '\0key': 1 };
  const handle = await startTask({ configId: null, taskType: 'TEST_SHORT_TIMEOUT', parameters: odd });
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
  const handle = await startTask({ configId: config.id });
  await expect(handle.result()).rejects.toThrow();
  const row = await executionOf(handle.workflowId);
  expect(row.error_message).toBe(
    'Its parameters do not fit TEST_TIMEOUT: sleep_seconds: Invalid input: expected number, received string',
  );
  expect(row.error_message).toBe(findConfigError(config.taskType, config.parameters));
  expect(await attemptsOf(row.id)).toMatchObject([{ failure: { type: 'PermanentTaskError', isRetryable: false } }]);
});

test('a run whose config was deleted meanwhile ends as cancelled, and tells the name of the config', async () => {
  const config = await createConfig({ taskType: 'HEALTH_CHECK', name: 'gone' });
  await createTaskConfigRepository(database()).remove(config.id);
  const handle = await startTask({ configId: config.id }, { memo: { configName: config.name } });
  await expect(handle.result()).rejects.toThrow('Workflow execution cancelled');
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(await executionOf(handle.workflowId)).toMatchObject({
    status: 'cancelled',
    config_id: null,
    config_name: 'gone',
    error_message: 'Its config was deleted before the run began',
  });
});

test('a task type that is gone is a clear failure', async () => {
  const unknown = await startTask({ configId: null, taskType: 'NO_SUCH_TYPE' });
  await expect(unknown.result()).rejects.toThrow();
  expect(await executionOf(unknown.workflowId)).toMatchObject({
    status: 'failed',
    error_message: 'Unknown task type NO_SUCH_TYPE',
  });
});

test('the plan is fixed when the run begins: a retry repeats its parameters, not those of today', async () => {
  const config = await createConfig({ taskType: 'TEST_SHORT_TIMEOUT', parameters: { sleep_seconds: 0 } });
  const first = await startTask({ configId: config.id });
  await first.result();
  const firstRow = await executionOf(first.workflowId);
  await createTaskConfigRepository(database()).update(config.id, { parameters: { sleep_seconds: 60 } });
  const second = await startTask({
    configId: config.id,
    parameters: firstRow.parameters,
    triggeredBy: 'retry',
    retryOf: firstRow.id,
  });
  expect(await second.result()).toMatchObject({ sleep_seconds: 0 });
  expect(await executionOf(second.workflowId)).toMatchObject({ retry_of: firstRow.id, triggered_by: 'retry' });
});

test("a run tells its progress in its workflow's current details", async () => {
  const config = await createConfig({
    taskType: 'TEST_TIMEOUT',
    parameters: { sleep_seconds: 600 },
    timeoutSeconds: 900,
  });
  const handle = await startTask({ configId: config.id });
  const details = async () =>
    (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';
  const row = await waitFor(async () => executionOf(handle.workflowId));
  await waitFor(async () => (await details()).includes('TEST_TIMEOUT'));
  expect(await details()).toMatch(
    new RegExp(
      `^Execution ${row.id}: \\*\\*TEST_TIMEOUT\\*\\*, at work since .+\\n\\n- Time limit: 900 s for all attempts`,
    ),
  );
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect(await details()).toBe(`Execution ${row.id}: **cancelled**`);
});
