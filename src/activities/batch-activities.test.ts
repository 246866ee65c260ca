import { MockActivityEnvironment } from '@temporalio/testing';
import { createFakeServices } from '../../test/support/task-context';
import { createBatchActivities } from './batch-activities';
import type { ActivityDeps } from './activity-deps';

const RUN = { workflowId: 'batch', runId: 'first' };
const ids = Array.from({ length: 60 }, (_, index) => index + 1);

/** A store of 60 running rows of a task that fails. `afterChunk` is called when a chunk of them has ended. */
function createBatch(afterChunk: () => void) {
  const opened: number[] = [];
  const executions = {
    getMany: async (wanted: number[]) =>
      wanted.map((id) => ({
        id,
        runId: RUN.runId,
        status: 'running',
        taskType: 'TEST_FAILURE',
        parameters: {},
        maxRetries: 0,
        timeoutSeconds: null,
        startedAt: new Date(),
      })),
    async openAttempts(wanted: number[]) {
      opened.push(...wanted);
      return wanted.map((executionId) => ({
        executionId,
        attempt: 1,
        failedAttempts: 0,
        lostAttempts: 0,
        waited: null,
      }));
    },
    failAttempt: async () => undefined,
    async endMany() {
      afterChunk();
      return [];
    },
  };
  const log = { info: () => undefined, warn: () => undefined };
  const deps = { executions, services: createFakeServices(), log, workerIdentity: 'w' } as unknown as ActivityDeps;
  return { opened, activities: createBatchActivities(deps) };
}

test('a slice runs all of its rows, 25 at a time', async () => {
  let chunks = 0;
  const { opened, activities } = createBatch(() => (chunks += 1));
  await new MockActivityEnvironment({ workflowExecution: RUN }).run(
    (slice: number[]) => activities.executeSlice(slice),
    ids,
  );
  expect(opened).toEqual(ids);
  expect(chunks).toBe(3);
});

test('a cancelled batch stops between its chunks: what has not begun is not begun', async () => {
  const environment = new MockActivityEnvironment({ workflowExecution: RUN });
  const { opened, activities } = createBatch(() => environment.cancel());
  const running = environment.run((slice: number[]) => activities.executeSlice(slice), ids);
  await expect(running).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(opened).toEqual(ids.slice(0, 25));
});
