import { waitFor } from '../../support/process';
import { createOperator } from '../../support/operators';
import { useRunApi, type RunApi } from '../../support/run-support';
import { insertConfig } from '../../support/api-support';

let stack: RunApi;
const { ended, running, createSleeper, describeWorkflow } = useRunApi((started) => {
  stack = started;
});

const operator = () => createOperator(stack.worker.temporal.client);
const rowsOf = (workflowId: string) =>
  stack.db.database('task_executions').where({ workflow_id: workflowId }).orderBy('id');
/** The rows of the workflow, once there are so many and the newest has ended. */
const endedRows = (workflowId: string, count: number) =>
  waitFor(async () => {
    const rows = await rowsOf(workflowId);
    return rows.length === count && rows.at(-1).status !== 'running' && rows;
  });
const execute = async (configId: number): Promise<string> =>
  (await stack.api.root('POST', `/tasks/execute/${configId}`)).body.task_id;
const newest = (rows: { run_id: string; workflow_id: string }[]) => ({
  workflowId: rows.at(-1)?.workflow_id ?? '',
  runId: rows.at(-1)?.run_id ?? '',
});

describe.each(['first', 'last'] as const)('a reset to the %s workflow task', (which) => {
  test('of a short run that has ended runs it again, as a run of its own', async () => {
    const id = await insertConfig(stack.db.database, { name: 'probe', task_type: 'HEALTH_CHECK' });
    const taskId = await execute(id);
    await ended(taskId);
    const [first] = await rowsOf(taskId);
    const runId = await operator().reset(newest([first]), which);
    expect(await endedRows(taskId, 2)).toMatchObject([
      first,
      {
        run_id: runId,
        config_id: id,
        status: 'succeeded',
        triggered_by: 'reset',
        requested_by: null,
        retry_of: first.id,
      },
    ]);
  });

  test('of a long run that has ended is a run of its own', async () => {
    const taskId = await execute(await createSleeper(0.1));
    await ended(taskId);
    const [first] = await rowsOf(taskId);
    const runId = await operator().reset(newest([first]), which);
    const [, second] = await endedRows(taskId, 2);
    expect(second).toMatchObject({
      run_id: runId,
      status: 'succeeded',
      triggered_by: 'reset',
      retry_of: first.id,
      result: { return_value: { sleep_seconds: 0.1 } },
    });
    expect((await stack.api.root('GET', `/tasks/executions/${first.id}`)).body).toMatchObject({
      status: 'succeeded',
      retried_by: second.id,
    });
  });

  test('of a running one ends its row, and goes on under another, which is cancelled by its task id', async () => {
    const taskId = await execute(await createSleeper(600));
    await running(taskId);
    const [first] = await rowsOf(taskId);
    const runId = await operator().reset(newest([first]), which);
    const [, second] = await waitFor(async () => {
      const rows = await rowsOf(taskId);
      return rows.length === 2 && rows;
    });
    expect(await rowsOf(taskId)).toMatchObject([
      { status: 'terminated', error_message: `Reset in Temporal: execution ${second.id} continues it` },
      { status: 'running', run_id: runId, triggered_by: 'reset', retry_of: first.id, parameters: first.parameters },
    ]);
    expect((await stack.api.root('POST', `/tasks/executions/${taskId}/cancel`)).status).toBe(200);
    expect(await ended(taskId)).toMatchObject({ id: second.id, status: 'cancelled' });
    await waitFor(async () => (await describeWorkflow(taskId)).status.name === 'CANCELLED');
  });
});

test('a run is reset again and again, each time as a run that repeats the one before', async () => {
  const taskId = await execute(await createSleeper(600));
  await running(taskId);
  for (const count of [2, 3, 4]) {
    await operator().reset(newest(await rowsOf(taskId)), 'last');
    await waitFor(async () => {
      const rows = await rowsOf(taskId);
      return rows.length === count && rows.at(-1).status === 'running';
    });
  }
  const rows = await rowsOf(taskId);
  expect(rows.map((row) => row.retry_of)).toEqual([null, ...rows.slice(0, 3).map((row) => row.id)]);
  expect(rows.map((row) => row.status)).toEqual(['terminated', 'terminated', 'terminated', 'running']);
  await stack.api.root('POST', `/tasks/executions/${taskId}/terminate`);
  expect(await ended(taskId)).toMatchObject({ status: 'terminated' });
});

test.each(['first', 'last'] as const)(
  'the run of a reset to the %s task names the run that was reset, and not the newest one',
  async (which) => {
    const taskId = await execute(await createSleeper(0.1));
    await ended(taskId);
    const [first] = await rowsOf(taskId);
    await operator().reset(newest([first]), which);
    await endedRows(taskId, 2);
    const runId = await operator().reset(newest([first]), which);
    const rows = await endedRows(taskId, 3);
    expect(rows.map((row) => row.retry_of)).toEqual([null, first.id, first.id]);
    expect(rows[2]).toMatchObject({ run_id: runId, status: 'succeeded', triggered_by: 'reset' });
  },
);

test('the reset of an older run ends the one that was running', async () => {
  const taskId = await execute(await createSleeper(600));
  await running(taskId);
  const [first] = await rowsOf(taskId);
  await operator().reset(newest([first]), 'last');
  await waitFor(async () => (await rowsOf(taskId)).length === 2);
  await operator().reset(newest([first]), 'last');
  const rows = await waitFor(async () => {
    const found = await rowsOf(taskId);
    return found.length === 3 && found;
  });
  expect(rows.map(({ status, retry_of }) => [status, retry_of])).toEqual([
    ['terminated', null],
    ['terminated', first.id],
    ['running', first.id],
  ]);
  await stack.api.root('POST', `/tasks/executions/${taskId}/terminate`);
  await ended(taskId);
});

test("Temporal's batch reset makes a run of its own of each", async () => {
  const taskIds = [await execute(await createSleeper(600)), await execute(await createSleeper(0.1))];
  await running(taskIds[0] ?? '');
  await ended(taskIds[1] ?? '');
  const runs = (await Promise.all(taskIds.map(rowsOf))).map(newest);
  await operator().resetMany(runs, 'last');
  for (const [index, taskId] of taskIds.entries()) {
    const rows = await waitFor(async () => {
      const found = await rowsOf(taskId);
      return found.length === 2 && found;
    });
    expect(rows[1]).toMatchObject({ triggered_by: 'reset', retry_of: rows[0].id });
    expect(rows[0].status).toBe(['terminated', 'succeeded'][index]);
  }
  await stack.api.root('POST', `/tasks/executions/${taskIds[0]}/cancel`);
  await ended(taskIds[0] ?? '');
});

test('a run that was just reset is cancelled by its old id as by its task id', async () => {
  for (const idOf of [(row: { id: number }) => row.id, (row: { task_id: string }) => row.task_id]) {
    const taskId = await execute(await createSleeper(600));
    await running(taskId);
    const [first] = await rowsOf(taskId);
    // The request comes at the same time as the worker.
    await operator().reset(newest([first]), 'last');
    const { status } = await stack.api.root('POST', `/tasks/executions/${idOf(first)}/cancel`);
    if (status === 409) await stack.api.root('POST', `/tasks/executions/${taskId}/cancel`);
    expect((await endedRows(taskId, 2))[1]).toMatchObject({ status: 'cancelled', retry_of: first.id });
  }
});

/** A batch of two runs, of which the second fails after `max_retries` more attempts. */
async function startBatch(max_retries = 0) {
  const ids = [
    await insertConfig(stack.db.database, { name: 'good', task_type: 'HEALTH_CHECK' }),
    await insertConfig(stack.db.database, { name: 'bad', task_type: 'TEST_FAILURE', max_retries }),
  ];
  const { body } = await stack.api.root('POST', '/tasks/execute/batch', { config_ids: ids });
  const batchId = (body.task_ids as string[])[0]?.replace(/-1$/, '') ?? '';
  return {
    handle: stack.worker.temporal.client.workflow.getHandle(batchId),
    rowsOfBatch: () => stack.db.database('task_executions').where({ workflow_id: batchId }).orderBy('id'),
  };
}

test('a reset of a batch to its last workflow task leaves the runs that have ended', async () => {
  const { handle, rowsOfBatch } = await startBatch();
  await handle.result();
  const before = await rowsOfBatch();
  await operator().reset(newest(before), 'last');
  await waitFor(async () => (await handle.describe()).status.name === 'COMPLETED');
  expect(await handle.result()).toEqual({ total: 2, succeeded: 1, failed: 1 });
  expect(await rowsOfBatch()).toEqual(before);
});

test('a reset of a running batch goes on with the runs that have not ended', async () => {
  const { handle, rowsOfBatch } = await startBatch(1);
  // The second run waits for its next attempt.
  const before = await waitFor(async () => {
    const rows = await rowsOfBatch();
    const failed = await stack.db.database('task_attempts').where({ outcome: 'failed' });
    return (
      rows.length === 2 &&
      rows[0].status === 'succeeded' &&
      failed.some((one) => one.execution_id === rows[1].id) &&
      rows
    );
  });
  await operator().reset(newest(before), 'last');
  await waitFor(async () => (await handle.describe()).status.name === 'COMPLETED');
  const [good, bad] = before;
  expect(await rowsOfBatch()).toMatchObject([
    good,
    { id: bad.id, status: 'terminated' },
    { triggered_by: 'reset', status: 'failed', retry_of: bad.id, batch_index: 2, task_id: bad.task_id },
  ]);
});

test('a reset of a batch to its first workflow task runs each of its runs again', async () => {
  const { handle, rowsOfBatch } = await startBatch();
  await handle.result();
  const [good, bad] = await rowsOfBatch();

  await operator().reset(newest([good]), 'first');
  await waitFor(async () => (await handle.describe()).status.name === 'COMPLETED');
  expect(await rowsOfBatch()).toMatchObject([
    { triggered_by: 'batch', status: 'succeeded' },
    { triggered_by: 'batch', status: 'failed' },
    { triggered_by: 'reset', status: 'succeeded', retry_of: good.id, batch_index: 1, task_id: good.task_id },
    { triggered_by: 'reset', status: 'failed', retry_of: bad.id, batch_index: 2, task_id: bad.task_id },
  ]);
});
