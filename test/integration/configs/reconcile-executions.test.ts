import { randomUUID } from 'node:crypto';
import { createOperator } from '../../support/operators';
import { waitFor } from '../../support/process';
import { NO_REPAIRS, useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling(
  (started) => {
    stack = started;
  },
  { withWorker: true },
);

/** Inserts the row of a run in progress. */
const beginRow = (handle: { workflowId: string; firstExecutionRunId: string }) =>
  stack.executions.begin({
    taskId: handle.workflowId,
    workflowId: handle.workflowId,
    runId: handle.firstExecutionRunId,
    configId: null,
    taskType: 'HEALTH_CHECK',
    triggeredBy: 'manual',
    startedAt: new Date(),
  });

test('a running row whose workflow has closed ends as the workflow ended', async () => {
  const [open, terminated, cancelled, unknown] = [
    await stack.startRun({ configId: null }),
    await stack.startRun({ configId: null }),
    await stack.startRun({ configId: null, taskType: 'HEALTH_CHECK' }, stack.taskQueue),
    { workflowId: `it's "gone"`, firstExecutionRunId: randomUUID() },
  ];
  for (const handle of [open, terminated, cancelled, unknown]) await beginRow(handle);
  const batch = await stack.temporal.client.workflow.start('runBatch', {
    workflowId: `batch-${randomUUID()}`,
    taskQueue: 'nobody-serves-this',
    args: [{ configIds: [1, 2] }],
  });
  const row = {
    workflow_id: batch.workflowId,
    run_id: batch.firstExecutionRunId,
    status: 'running',
    triggered_by: 'batch',
    started_at: new Date(),
  };
  await stack
    .database('task_executions')
    .insert([1, 2].map((n) => ({ ...row, task_id: `${batch.workflowId}-${n}`, batch_index: n })));
  await terminated.terminate('enough of it');
  await batch.terminate();
  await cancelled.result().catch(() => undefined);
  await stack
    .database('task_executions')
    .where({ workflow_id: cancelled.workflowId })
    .update({ status: 'running', completed_at: null, result: null, error_message: null });

  expect(await stack.reconcile()).toMatchObject({ ...NO_REPAIRS, executionsEnded: 5 });
  expect(await stack.rowOf(open.workflowId)).toMatchObject({ status: 'running' });
  expect(await stack.rowOf(terminated.workflowId)).toMatchObject({
    status: 'terminated',
    error_message: 'enough of it',
    completed_at: (await terminated.describe()).closeTime,
  });
  expect(await stack.rowOf(unknown.workflowId)).toMatchObject({
    status: 'failed',
    error_message: 'Its workflow is no longer known to Temporal',
  });
  expect(await stack.rowOf(cancelled.workflowId)).toMatchObject({
    status: 'succeeded',
    result: { return_value: expect.anything() },
  });
  expect(
    await stack.database('task_executions').where({ workflow_id: batch.workflowId }).orderBy('batch_index'),
  ).toMatchObject([{ status: 'terminated' }, { status: 'terminated' }]);
  await open.terminate();
});

test('a closed workflow without a row gets a row', async () => {
  const config = await stack.createConfig({ schedulerType: 'interval', scheduleConfig: { hours: 5 } });
  await stack.commands.start(config.id);
  await stack.temporal.client.schedule.getHandle(`task-config-${config.id}`).trigger();
  const workflowId = await waitFor(
    async () =>
      (await stack.database('task_executions').where({ config_id: config.id, status: 'succeeded' }))[0]?.workflow_id as
        string | undefined,
  );
  const before = await stack.rowOf(workflowId);
  await stack.temporal.client.workflow.getHandle(workflowId).result();
  await stack.database.raw('truncate task_executions cascade');

  const pass = stack.createPass();
  const isRecorded = async () => {
    await pass.run();
    return stack.rowOf(workflowId);
  };
  const row = await waitFor(isRecorded);
  expect(row).toMatchObject({
    status: 'succeeded',
    config_id: config.id,
    task_type: 'HEALTH_CHECK',
    triggered_by: 'schedule',
    result: before?.['result'],
    run_id: before?.['run_id'],
  });
  expect(await pass.run()).toMatchObject({ executionsRecorded: 0 });
  expect(await stack.rowOf(workflowId)).toEqual(row);
});

describe('a run that was reset in Temporal', () => {
  const rowsOf = (workflowId: string) =>
    stack.database('task_executions').where({ workflow_id: workflowId }).orderBy('id');

  /** A run and its reset, both with a row. */
  async function startReset(seconds: number) {
    const parameters = { sleep_seconds: seconds };
    const handle = await stack.startRun({ configId: null, taskType: 'TEST_TIMEOUT', parameters }, stack.taskQueue);
    await waitFor(async () => (await stack.database('task_attempts')).length > 0);
    const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    const runId = await createOperator(stack.temporal.client).reset(run, 'last');
    const [first, second] = await waitFor(async () => {
      const rows = await rowsOf(handle.workflowId);
      const attempts = await stack.database('task_attempts').where({ execution_id: rows[1]?.id ?? 0 });
      return attempts.length > 0 && rows;
    });
    return { workflowId: handle.workflowId, runId, first, second };
  }

  test('and that no worker has recorded is given its row, while its work goes on', async () => {
    const { workflowId, runId, first, second } = await startReset(600);
    await stack.database('task_executions').where({ id: second.id }).delete();
    await stack.database('task_executions').where({ id: first.id }).update({ status: 'running', completed_at: null });
    await waitFor(async () => {
      await stack.reconcile();
      return (await rowsOf(workflowId)).length === 2;
    });
    const [earlier, later] = await rowsOf(workflowId);
    expect(earlier).toMatchObject({
      status: 'terminated',
      error_message: `Reset in Temporal: execution ${later.id} continues it`,
    });
    expect(later).toMatchObject({ status: 'running', run_id: runId, triggered_by: 'reset', retry_of: first.id });
    await stack.temporal.client.workflow.getHandle(workflowId, runId).terminate();
  });

  test('and that has ended without a row gets one, linked to the run that was reset', async () => {
    const { workflowId, runId, first, second } = await startReset(600);
    const handle = stack.temporal.client.workflow.getHandle(workflowId, runId);
    await handle.terminate('enough of it');
    await stack.database('task_executions').where({ id: second.id }).delete();
    await waitFor(async () => {
      await stack.reconcile();
      return (await rowsOf(workflowId)).length === 2;
    });
    expect((await rowsOf(workflowId))[1]).toMatchObject({
      status: 'terminated',
      run_id: runId,
      triggered_by: 'reset',
      retry_of: first.id,
      error_message: 'enough of it',
    });
  });
});
