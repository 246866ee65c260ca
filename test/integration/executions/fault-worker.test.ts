import { randomUUID } from 'node:crypto';
import { waitFor } from '../../support/process';
import { createTestNamespace } from '../../support/temporal-namespace';
import { createProcessBench } from '../../support/worker-process';
import type * as workflows from '../../../src/workflows';

jest.setTimeout(180_000);

const bench = createProcessBench({ connect: createTestNamespace });
const { startWorker, createConfig, startRun, rowOf, attemptsOf } = bench;

test('a worker that shuts down hands over its run, although the config allows no retry', async () => {
  const config = await createConfig({ taskType: 'TEST_TIMEOUT', parameters: { sleep_seconds: 6 } });
  const first = await startWorker();
  const handle = await startRun(config.id);
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
  const config = await createConfig({ taskType: 'HEALTH_CHECK' });
  const slow = await createConfig({ taskType: 'TEST_SHORT_TIMEOUT', parameters: { sleep_seconds: 1 } });
  const handles = await Promise.all(Array.from({ length: 50 }, (_, n) => startRun(n % 5 === 0 ? slow.id : config.id)));
  const first = await startWorker();
  const ended = async () =>
    (
      await bench.db
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
  const rows = await bench.db.database('task_executions').whereIn(
    'workflow_id',
    handles.map((handle) => handle.workflowId),
  );
  expect(rows).toHaveLength(50);
  expect(rows.every((row) => row.status === 'succeeded')).toBe(true);
  const succeeded = await bench.db
    .database('task_attempts')
    .whereIn(
      'execution_id',
      rows.map((row) => row.id),
    )
    .where('outcome', 'succeeded');
  expect(succeeded).toHaveLength(50);
});

test('when a worker is killed in mid-batch, no run is lost and no ended run is repeated', async () => {
  const config = await createConfig({ taskType: 'HEALTH_CHECK' });
  const configIds = Array<number>(3_000).fill(config.id);
  const first = await startWorker();
  const workflowId = `batch-${randomUUID()}`;
  const handle = await bench.temporal.client.workflow.start<typeof workflows.runBatch>('runBatch', {
    workflowId,
    taskQueue: bench.taskQueue,
    args: [{ configIds }],
  });
  const batch = () => bench.db.database('task_executions').where({ workflow_id: workflowId });
  await waitFor(async () => (await batch().where('status', 'succeeded')).length >= 200);
  await first.kill();
  const endedBefore = (await batch().where('status', 'succeeded').select('id')).map((row) => row.id as number);
  expect(endedBefore.length).toBeLessThan(3_000);
  await startWorker();
  expect(await handle.result()).toEqual({ total: 3_000, succeeded: 3_000, failed: 0 });
  expect(await batch().where('status', 'succeeded')).toHaveLength(3_000);
  const attempts = await bench.db.database('task_attempts').whereIn('execution_id', batch().select('id'));
  expect(attempts.filter((attempt) => attempt.outcome === 'succeeded')).toHaveLength(3_000);
  // The first attempt of a run is lost if it was running when the worker died. There are at most 25 in each slice.
  const lost = attempts.filter((attempt) => attempt.outcome === 'lost');
  expect(lost.length).toBeLessThanOrEqual(100);
  expect(attempts.filter((attempt) => endedBefore.includes(attempt.execution_id as number))).toHaveLength(
    endedBefore.length,
  );
});
