import { randomUUID } from 'node:crypto';
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
