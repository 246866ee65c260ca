import { randomUUID } from 'node:crypto';
import { toRunSearchAttributes } from '../../../src/scheduling/temporal/search-attributes';
import { createOperator } from '../../support/operators';
import { waitFor } from '../../support/process';
import { recordHistory } from '../../support/record-history';
import { createScrapeWorkflowBench, EVERYTHING } from '../../support/scrape-workflow-support';
import type { TestWorker } from '../../support/task-worker';

const bench = createScrapeWorkflowBench();
const rowsOf = (workflowId: string) =>
  bench.db.database('task_executions').where({ workflow_id: workflowId }).orderBy('id');
/** Small slices, so that several follow a reset. */
const startWorker = () => bench.startWorker({ requestsPerSlice: 3, msPerSlice: 1_000 });

/** A scrape that has read some of its posts, and takes some seconds for the rest. */
async function startSlowScrape(worker: TestWorker) {
  bench.world.sandbox.setFaults({ latencyMs: 200, errorEvery: 0, rateLimitEvery: 0 });
  const handle = await bench.start(worker, { ...EVERYTHING, subreddits: ['programming', 'books'] });
  await waitFor(async () => (await bench.countOf('reddit_comments')) > 0);
  const { client } = worker.temporal;
  return {
    workflowId: handle.workflowId,
    run: { workflowId: handle.workflowId, runId: handle.firstExecutionRunId },
    handle: client.workflow.getHandle(handle.workflowId),
    child: client.workflow.getHandle(`${handle.workflowId}-work`),
    operator: createOperator(client),
  };
}
const endedRows = (workflowId: string) =>
  waitFor(async () => {
    const rows = await rowsOf(workflowId);
    return rows.length === 2 && rows[1].status !== 'running' && rows;
  }, 30_000);

test.each(['first', 'last'] as const)(
  'a running scrape that is reset to its %s workflow task goes on where it was, under a row of its own',
  async (which) => {
    const worker = await startWorker();
    const whole = await bench.start(worker, { ...EVERYTHING, subreddits: ['programming', 'books'] });
    await whole.result();
    const expected = (await rowsOf(whole.workflowId))[0].result.return_value;
    await bench.db.database.raw('truncate reddit_posts, task_executions cascade');
    bench.world.sandbox.reset();

    const { workflowId, run, operator } = await startSlowScrape(worker);
    const runId = await operator.reset(run, which);
    const [first, second] = await endedRows(workflowId);
    expect(first).toMatchObject({
      status: 'terminated',
      error_message: `Reset in Temporal: execution ${second.id} continues it`,
    });
    expect(second).toMatchObject({
      status: 'succeeded',
      run_id: runId,
      triggered_by: 'reset',
      retry_of: first.id,
      task_type: 'REDDIT_SCRAPE',
    });
    // What was counted before the reset is counted once; a request that was in flight is repeated.
    const found = second.result.return_value;
    expect(found).toMatchObject({ posts: expected.posts, comments: expected.comments });
    expect(found.requests).toBeLessThanOrEqual(expected.requests + 2);
  },
  60_000,
);

test('a reset scrape is cancelled with its child', async () => {
  const worker = await startWorker();
  const { workflowId, run, handle, child, operator } = await startSlowScrape(worker);
  const runId = await operator.reset(run, 'last');
  await handle.cancel();
  expect((await endedRows(workflowId))[1]).toMatchObject({ status: 'cancelled', triggered_by: 'reset' });
  await waitFor(async () => (await handle.describe()).status.name === 'CANCELLED');
  expect((await child.describe()).status.name).toBe('CANCELLED');
  if (process.env['RECORD_HISTORIES']) await recordHistory(expect.getState().currentTestName ?? '', workflowId, runId);
});

test('the end that a reset of an ended scrape repeats is recorded as that of a run of its own', async () => {
  const worker = await startWorker();
  const handle = await bench.start(worker, { ...EVERYTHING, subreddits: ['programming'] });
  const result = await handle.result();
  const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
  const runId = await createOperator(worker.temporal.client).reset(run, 'last');
  const [first, second] = await endedRows(handle.workflowId);
  expect(first).toMatchObject({ status: 'succeeded' });
  expect(second).toMatchObject({
    run_id: runId,
    status: 'succeeded',
    triggered_by: 'reset',
    retry_of: first.id,
    result: { return_value: result },
  });
});

test('a scrape tells how far each subreddit is in the current details of its child', async () => {
  const worker = await startWorker();
  const handle = await bench.start(worker, { ...EVERYTHING, subreddits: ['programming'] });
  await handle.result();
  const child = worker.temporal.client.workflow.getHandle(`${handle.workflowId}-work`);
  const { currentDetails } = await child.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('Phase: **finishing**');
  expect(currentDetails).toContain('| r/programming | succeeded | 12 | 12 of 12 |');
});

test('a count by search attributes counts a scrape once', async () => {
  const worker = await startWorker();
  const { client } = worker.temporal;
  const handle = await client.workflow.start('runTask', {
    workflowId: `scrape-${randomUUID()}`,
    taskQueue: worker.taskQueue,
    args: [
      {
        configId: null,
        taskType: 'REDDIT_SCRAPE',
        parameters: { subreddits: ['programming'] },
        triggeredBy: 'by_type',
      },
    ],
    typedSearchAttributes: toRunSearchAttributes({ triggeredBy: 'by_type', taskType: 'REDDIT_SCRAPE', configId: null }),
  });
  await handle.result();
  const child = await client.workflow.getHandle(`${handle.workflowId}-work`).describe();
  expect(child.typedSearchAttributes.getAll().map(({ key }) => key.name)).not.toContain('TaskType');
  const query = `TaskType = 'REDDIT_SCRAPE' AND TaskQueue = '${worker.taskQueue}'`;
  expect(await waitFor(async () => (await client.workflow.count(query)).count)).toBe(1);
});
