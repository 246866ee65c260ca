import { createOverdueRunRepository } from '../../../src/storage/executions/overdue-run-repository';
import { timeoutMonitor } from '../../../src/tasks/timeout-monitor';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';
import { insertConfig, insertExecution } from '../../support/api-support';
import { createTestContext } from '../../support/task-context';

let db: TestDatabase;
useTestDatabase('file', (created) => (db = created));
beforeEach(() => db.database.raw('truncate task_configs, task_executions restart identity cascade'));

const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1_000);
const running = (seconds: number, columns: object = {}) =>
  insertExecution(db.database, { status: 'running', started_at: secondsAgo(seconds), ...columns });
const succeeded = async (durations: number[], columns: object) => {
  for (const duration_seconds of durations)
    await insertExecution(db.database, { duration_seconds, started_at: secondsAgo(600), ...columns });
};

function watch(
  seconds: number,
  given: { executionId?: number; signal?: AbortSignal; onLook?: (looks: number) => Promise<void> } = {},
) {
  const repository = createOverdueRunRepository(db.database);
  let looks = 0;
  const context = createTestContext({
    configId: 3,
    executionId: given.executionId ?? 0,
    signal: given.signal,
    services: {
      runs: {
        findOverdue: async (query: Parameters<typeof repository.find>[0]) => {
          const report = await repository.find(query);
          await given.onLook?.((looks += 1));
          return report;
        },
      },
    },
  });
  return timeoutMonitor.run(context, timeoutMonitor.parameters.parse({ monitor_duration: seconds })).then((result) => ({
    result: result!,
    warned: context.logLines.filter(({ level }) => level === 'warn').map(({ fields }) => fields),
  }));
}

test('a run is overdue beyond twice the 95th percentile of its config, whatever its type usually takes', async () => {
  const slow = await insertConfig(db.database, { name: 'slow' });
  const quick = await insertConfig(db.database, { name: 'quick' });
  await succeeded([100, 100, 100, 100, 100], { config_id: slow });
  await succeeded([10, 10, 10, 10, 20], { config_id: quick });
  await running(190, { config_id: slow });
  await running(35, { config_id: quick });
  const overdue = await running(40, { config_id: quick });
  const { result, warned } = await watch(0);
  // The 95th percentile of 10, 10, 10, 10, 20 lies between the last two: 10 + 0.8 * 10 = 18.
  expect(result).toMatchObject({
    config_id: 3,
    monitor_duration: 0,
    status: 'completed',
    running: 3,
    unjudged: 0,
    message: expect.stringContaining('1 runs'),
  });
  expect(result.overdue).toEqual([
    {
      execution_id: overdue,
      task_id: expect.any(String),
      config_id: quick,
      config_name: 'quick',
      task_type: 'TEST_TIMEOUT',
      running_seconds: expect.any(Number),
      usual_seconds: 18,
      is_still_overdue: true,
    },
  ]);
  expect((result.overdue as { running_seconds: number }[])[0]?.running_seconds).toBeGreaterThanOrEqual(40);
  expect(warned).toEqual([expect.objectContaining({ executionId: overdue })]);
});

test('a config with a short history uses the usual time of its task type; without one, no run is overdue', async () => {
  const fresh = await insertConfig(db.database);
  await succeeded([20, 20, 20, 20, 20], { task_type: 'HEALTH_CHECK' });
  await succeeded([1, 1, 1, 1], { config_id: fresh });
  // Failed runs tell nothing about the usual time.
  await succeeded([1, 1, 1, 1, 1, 1], { config_id: fresh, status: 'failed' });
  const adHoc = await running(41, { task_type: 'HEALTH_CHECK' });
  await running(39, { task_type: 'HEALTH_CHECK' });
  await running(5_000, { config_id: fresh });
  const { result } = await watch(0);
  expect(result).toMatchObject({
    running: 3,
    unjudged: 1,
    overdue: [{ execution_id: adHoc, config_id: null, config_name: null }],
  });
});

test('runs of a few seconds, and the monitor itself, are not reported', async () => {
  await succeeded([0.01, 0.01, 0.01, 0.01, 0.01], {});
  await running(8);
  const self = await running(500);
  expect((await watch(0, { executionId: self })).result).toMatchObject({ running: 1, overdue: [] });
});

test('while it watches, it keeps its reports and adds which runs have ended since', async () => {
  await succeeded([10, 10, 10, 10, 10], {});
  const overdue = await running(30);
  const { result, warned } = await watch(1, {
    onLook: async (looks) =>
      void (
        looks === 1 &&
        (await db
          .database('task_executions')
          .where({ id: overdue })
          .update({ status: 'succeeded', completed_at: new Date() }))
      ),
  });
  expect(result).toMatchObject({ running: 0, overdue: [{ execution_id: overdue, is_still_overdue: false }] });
  expect(warned).toHaveLength(1);
});

test('it stops when its signal is aborted', async () => {
  const stop = new AbortController();
  const watching = watch(3_600, { signal: stop.signal, onLook: async () => stop.abort(new Error('enough')) });
  await expect(watching).rejects.toThrow();
});
