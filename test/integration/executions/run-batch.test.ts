import { randomUUID } from 'node:crypto';
import { waitFor } from '../../support/process';
import { useTestWorker } from '../../support/run-support';
import type * as workflows from '../../../src/workflows';

const { database, client, taskQueue, createConfig, startBatch } = useTestWorker();

describe('a batch', () => {
  test('runs short tasks inside it and gives the others a workflow each', async () => {
    const health = await createConfig({ taskType: 'HEALTH_CHECK' });
    const failing = await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 1 });
    const long = await createConfig({ taskType: 'TEST_SHORT_TIMEOUT', parameters: { sleep_seconds: 0 } });
    const handle = await startBatch([health.id, failing.id, long.id, health.id, 999_999]);
    expect(await handle.result()).toMatchObject({ total: 5, succeeded: 2 });
    const rows = await database()('task_executions')
      .where('task_id', 'like', `${handle.workflowId}-%`)
      .orderBy('task_id');
    expect(
      rows.map((row) => [row.task_id.replace(handle.workflowId, ''), row.status, row.attempt, row.triggered_by]),
    ).toEqual([
      ['-1', 'succeeded', 1, 'batch'],
      ['-2', 'failed', 2, 'batch'],
      ['-3', 'succeeded', 1, 'batch'],
      ['-4', 'succeeded', 1, 'batch'],
      ['-5', 'cancelled', 1, 'batch'],
    ]);
    expect(rows[2].workflow_id).toBe(rows[2].task_id);
  });

  test('each workflow of a run has the priority of its config', async () => {
    const configs = await Promise.all(
      [10, 5, 1].map((priority) =>
        createConfig({ taskType: 'TEST_SHORT_TIMEOUT', parameters: { sleep_seconds: 0 }, priority }),
      ),
    );
    const handle = await startBatch(configs.map(({ id }) => id));
    await handle.result();
    const runs = await Promise.all([1, 2, 3].map((n) => client().getHandle(`${handle.workflowId}-${n}`).describe()));
    expect(runs.map(({ priority }) => priority?.priorityKey)).toEqual([1, 3, 5]);
  });

  test('runs a config whose long name is wider than a Temporal summary', async () => {
    const { id } = await createConfig({
      name: '名'.repeat(200),
      taskType: 'TEST_SHORT_TIMEOUT',
      parameters: { sleep_seconds: 0 },
    });
    const handle = await startBatch([id]);
    await handle.result();
    const rows = await database()('task_executions').where('task_id', `${handle.workflowId}-1`);
    expect(rows).toMatchObject([{ config_id: id, status: 'succeeded' }]);
  });

  test('a run that is cancelled early is stopped before it begins, with or without a child workflow', async () => {
    const health = await createConfig({ taskType: 'HEALTH_CHECK' });
    const long = await createConfig({ taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: 600 } });
    const workflowId = `batch-${randomUUID()}`;
    // Signal and start arrive together: no row is there yet.
    const handle = await client().signalWithStart<typeof workflows.runBatch, [number]>('runBatch', {
      workflowId,
      taskQueue: taskQueue(),
      args: [{ configIds: [health.id, health.id, long.id] }],
      signal: 'cancelRun',
      signalArgs: [2],
    });
    await handle.signal<[number]>('cancelRun', 3);
    expect(await handle.result()).toMatchObject({ total: 3, succeeded: 1 });
    const rows = await database()('task_executions').where('task_id', 'like', `${workflowId}-%`).orderBy('task_id');
    expect(rows.map((row) => row.status)).toEqual(['succeeded', 'cancelled', 'cancelled']);
  });

  test('the time limit and the retries of a run in a batch are its own', async () => {
    const limited = await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 10, timeoutSeconds: 2 });
    const retried = await createConfig({ taskType: 'TEST_FAILURE', maxRetries: 2 });
    const handle = await startBatch([limited.id, retried.id]);
    expect(await handle.result()).toMatchObject({ total: 2, succeeded: 0 });
    const rows = await database()('task_executions')
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
          (await database()('task_executions').where('task_id', 'like', `${handle.workflowId}-%`).count())[0]?.count,
        ) === 2,
    );
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    const statuses = await waitFor(async () => {
      const rows = await database()('task_executions').where('task_id', 'like', `${handle.workflowId}-%`);
      return rows.every((row) => row.status !== 'running') && rows.map((row) => row.status);
    });
    expect(statuses).toEqual(['cancelled', 'cancelled']);
  });
});
