import pino from 'pino';
import { createExecutionReconciler } from '../../../src/scheduling/reconcile/reconcile-executions';
import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import { waitFor } from '../../support/process';
import { recordHistory } from '../../support/record-history';
import { countRequests } from '../../support/scrape-stack';
import { createScrapeWorkflowBench, EVERYTHING } from '../../support/scrape-workflow-support';
import type { ScrapeProgress } from '../../../src/activities/run-request';

jest.setTimeout(180_000);

const bench = createScrapeWorkflowBench();
const { startWorker, start, rowOf, attemptsOf, countOf } = bench;

test('a scrape in a workflow of its own begins its history anew, and its result is whole', async () => {
  const worker = await startWorker({ requestsPerSlice: 3, slicesPerHistory: 3, subredditsAtOnce: 2 });
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming', 'books'] });
  const result = (await handle.result())!;
  expect(result).toMatchObject({
    posts: { new: 24 },
    comments: { new: 720, updated: 0, unchanged: 0 },
    threads_read: 24,
    unexpanded: 0,
    subreddits: [
      { subreddit: 'programming', status: 'succeeded' },
      { subreddit: 'books', status: 'succeeded' },
    ],
  });
  expect(await countOf('reddit_posts')).toBe(24);
  expect(await countOf('reddit_comments')).toBe(720);
  expect(result['requests']).toBe(countRequests(bench.world.sandbox).all);
  const row = await rowOf(handle.workflowId);
  expect(row).toMatchObject({ status: 'succeeded', attempt: 1, result: { return_value: result } });
  expect(await attemptsOf(row.id)).toMatchObject([{ attempt: 1, outcome: 'succeeded' }]);

  const runs: string[] = [];
  for await (const run of worker.temporal.client.workflow.list({ query: `WorkflowId = '${handle.workflowId}-work'` }))
    runs.push(run.status.name);
  expect(runs.filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(1);
  const child = await worker.temporal.client.workflow.getHandle(`${handle.workflowId}-work`).describe();
  expect(child.memo).toMatchObject({ configName: 'a scrape', executionId: row.id });
  expect(child.historyLength).toBeLessThan(60);
  expect(await countOf('reddit_scrape_posts')).toBe(0);
  if (process.env['RECORD_HISTORIES']) {
    await recordHistory(`${expect.getState().currentTestName} parent`, handle.workflowId);
    let n = 0;
    for await (const run of worker.temporal.client.workflow.list({ query: `WorkflowId = '${handle.workflowId}-work'` }))
      await recordHistory(`${expect.getState().currentTestName} work ${(n += 1)}`, run.workflowId, run.runId);
  }
});

test('a running scrape answers the progress query', async () => {
  const worker = await startWorker({ requestsPerSlice: 2 });
  bench.world.sandbox.setFaults({ latencyMs: 50 });
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming', 'books'] });
  const work = worker.temporal.client.workflow.getHandle(`${handle.workflowId}-work`);
  const seen = await waitFor(async () => {
    const progress = await work.query<ScrapeProgress>('progress').catch(() => undefined);
    return progress?.subreddits.some((one) => one.threads_done > 2) && progress;
  });
  expect(seen).toMatchObject({
    phase: 'scraping',
    subreddits: [{ name: 'programming', posts: 12, threads_total: 12 }, { name: 'books' }],
  });
  await handle.result();
});

test('reconcile ignores the child workflow, running or closed, and ends a terminated execution', async () => {
  const worker = await startWorker({ requestsPerSlice: 4, slicesPerHistory: 2 });
  const { client } = worker.temporal;
  const executions = createExecutionRepository(bench.db.database);
  const reconcile = createExecutionReconciler({
    executions,
    workflowClient: client.workflow,
    log: pino({ level: 'silent' }),
    taskQueue: worker.taskQueue,
    graceMs: 0,
  });
  const handle = await start(worker, { ...EVERYTHING, subreddits: ['programming'] });
  await waitFor(async () => (await countOf('reddit_comments')) > 0);
  expect(await reconcile()).toEqual({ executionsEnded: 0, executionsRecorded: 0 });
  await handle.result();
  const isListed = async (id: string) => {
    for await (const run of client.workflow.list({ query: `WorkflowId = '${id}' AND ExecutionStatus = 'Completed'` }))
      return run.workflowId === id;
    return false;
  };
  await waitFor(async () => (await isListed(handle.workflowId)) && (await isListed(`${handle.workflowId}-work`)));
  expect(await reconcile()).toEqual({ executionsEnded: 0, executionsRecorded: 0 });
  expect(await countOf('task_executions')).toBe(1);

  bench.world.sandbox.setFaults({ latencyMs: 100 });
  const torn = await start(worker, { ...EVERYTHING, subreddits: ['books'] });
  await waitFor(async () => (await countOf('reddit_posts')) > 12);
  await torn.terminate('torn out');
  await waitFor(async () => (await reconcile()).executionsEnded === 1);
  expect(await rowOf(torn.workflowId)).toMatchObject({
    status: 'terminated',
    error_message: expect.stringContaining('torn out'),
  });
  expect(await countOf('task_executions')).toBe(2);
});
