import type { RedditClient } from '../../../src/platform/reddit/reddit-client';
import { RedditError } from '../../../src/shared/reddit-error';
import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import { waitFor } from '../../support/process';
import { createScrapeWorkflowBench, EVERYTHING } from '../../support/scrape-workflow-support';

jest.setTimeout(180_000);

const bench = createScrapeWorkflowBench();
const { startWorker, start, rowOf, attemptsOf, countOf } = bench;

test('a scrape stops within seconds when it is cancelled or times out', async () => {
  const worker = await startWorker({ requestsPerSlice: 5 });
  bench.world.sandbox.setFaults({ latencyMs: 200 });
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming', 'books'] });
  await waitFor(async () => (await countOf('reddit_comments')) > 0);
  const askedAt = Date.now();
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  const row = await rowOf(handle.workflowId);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect(row.completed_at.getTime() - askedAt).toBeLessThan(5_000);
  expect(await attemptsOf(row.id)).toMatchObject([{ outcome: 'cancelled' }]);
  expect((await worker.temporal.client.workflow.getHandle(`${handle.workflowId}-work`).describe()).status.name).toBe(
    'CANCELLED',
  );

  const timed = await start(worker, { ...EVERYTHING, subreddits: ['gardening'] }, { timeoutSeconds: 1 });
  await expect(timed.result()).rejects.toMatchObject({ cause: { type: 'TimedOut' } });
  expect(await rowOf(timed.workflowId)).toMatchObject({ status: 'timed_out' });
});

test('termination of a scrape terminates its child workflow, also after it continued as new', async () => {
  const worker = await startWorker({ requestsPerSlice: 1, slicesPerHistory: 2 });
  bench.world.sandbox.setFaults({ latencyMs: 100 });
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming'] });
  await waitFor(async () => (await countOf('reddit_comments')) >= 90);
  await handle.terminate('enough');
  const work = worker.temporal.client.workflow.getHandle(`${handle.workflowId}-work`);
  await waitFor(async () => (await work.describe()).status.name === 'TERMINATED');
});

test('a scrape that waits for Reddit is cancelled without delay', async () => {
  const slow: RedditClient = {
    ...bench.world.reddit,
    scoped: () => ({
      ...bench.world.reddit.scoped(),
      listPosts: () => Promise.reject(new RedditError('rate_limited', 'in ten minutes', { retryAfterMs: 600_000 })),
    }),
  };
  const worker = await startWorker({}, slow);
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming'] });
  const work = worker.temporal.client.workflow.getHandle(`${handle.workflowId}-work`);
  await waitFor(async () =>
    (await work.describe().catch(() => undefined))?.raw.pendingActivities?.some(
      (activity) => activity.lastFailure?.message === 'in ten minutes',
    ),
  );
  const askedAt = Date.now();
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  const row = await rowOf(handle.workflowId);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect(row.completed_at.getTime() - askedAt).toBeLessThan(5_000);
});

test('a scrape whose execution has ended stops, and leaves the execution as it is', async () => {
  const worker = await startWorker({ requestsPerSlice: 1 });
  bench.world.sandbox.setFaults({ latencyMs: 50 });
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming'] });
  await waitFor(async () => (await countOf('reddit_comments')) > 0);
  const row = await rowOf(handle.workflowId);
  await createExecutionRepository(bench.db.database).end(row.id, {
    status: 'terminated',
    endedAt: new Date(),
    errorMessage: 'by hand',
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'ExecutionEnded' } });
  expect(await rowOf(handle.workflowId)).toMatchObject({ status: 'terminated', error_message: 'by hand' });
});
