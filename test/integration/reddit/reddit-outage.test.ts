import { randomUUID } from 'node:crypto';
import { createDeletionSyncRepository } from '../../../src/storage/reddit/deletion-sync-repository';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { createRedditSandbox, type RedditSandbox } from '../../../src/reddit-sandbox/sandbox-server';
import { choosePort } from '../../../src/stack/processes/free-port';
import { waitFor } from '../../support/process';
import { openBudget } from '../../support/open-budget';
import { createRedditClient } from '../../../src/platform/reddit/snoowrap-client';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import type { OutagePatience } from '../../../src/activities/transient-waits';
import type * as workflows from '../../../src/workflows';

jest.setTimeout(120_000);

const NOW = new Date();
let db: TestDatabase;
let port: number;
let sandbox: RedditSandbox | undefined;
let worker: TestWorker | undefined;

useTestDatabase('file', (created) => (db = created));
beforeAll(async () => void (port = await choosePort()));
beforeEach(() => db.database.raw('truncate reddit_posts, task_executions cascade'));
afterEach(async () => {
  await worker?.stop();
  await sandbox?.close();
  worker = sandbox = undefined;
});

async function openReddit() {
  sandbox = createRedditSandbox({
    seed: 'outage',
    now: () => NOW,
    scale: { posts: 12, commentsPerPost: 8 },
    rateLimit: { requests: 1_000_000 },
  });
  await sandbox.listen({ port });
  return sandbox;
}
async function closeReddit() {
  await sandbox?.close();
  sandbox = undefined;
}
async function startWorker(outagePatience: OutagePatience) {
  const url = `http://127.0.0.1:${port}`;
  const reddit = createRedditClient({
    clientId: 'id',
    clientSecret: 'secret',
    userAgent: 'linux:taskloom-test:1 (by /u/test)',
    oauthBaseUrl: url,
    wwwBaseUrl: url,
    isSandbox: true,
    log: { warn: () => undefined },
    backoffMs: 1,
    budget: openBudget(),
  });
  worker = await startTestWorker({
    database: db.database,
    outagePatience,
    services: {
      reddit,
      content: createRedditContentRepository(db.database),
      scrapes: createRedditScrapeRepository(db.database),
      deletions: createDeletionSyncRepository(db.database),
    },
  });
  return worker;
}
async function start(taskType: string, parameters: Record<string, unknown>, maxRetries = 0) {
  const workflowId = `outage-${randomUUID()}`;
  return worker!.temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
    workflowId,
    taskQueue: worker!.taskQueue,
    args: [{ configId: null, taskType, parameters, maxRetries, triggeredBy: 'by_type' }],
  });
}
const rowOf = async (workflowId: string) =>
  (await db.database('task_executions').where({ workflow_id: workflowId }))[0];
const attemptsOf = async (workflowId: string) =>
  db
    .database('task_attempts')
    .where({ execution_id: (await rowOf(workflowId))?.id ?? 0 })
    .orderBy('attempt');
const scrape = { subreddits: ['programming', 'books', 'gardening'], sort: 'new', posts_limit: 12 };
/** Temporal's state of an activity that waits for its next attempt. It holds no slot. */
const SCHEDULED = 1;
async function waitingTries(workflowId: string, least: number) {
  return waitFor(async () => {
    const description = await worker!.temporal.client.workflow
      .getHandle(workflowId)
      .describe()
      .catch(() => undefined);
    const waiting = (description?.raw.pendingActivities ?? []).filter(
      ({ state, attempt, lastFailure }) => Number(state) === SCHEDULED && Number(attempt) > least && lastFailure,
    );
    return waiting.length > 0 && waiting;
  });
}
const patient: OutagePatience = { totalMs: 60_000, firstPauseMs: 300, longestPauseMs: 1_500 };

test('a scrape waits without slot or retry during an outage that outlasts the retries of the client', async () => {
  await startWorker(patient);
  const handle = await start('REDDIT_SCRAPE', scrape);
  const [waiting] = await waitingTries(`${handle.workflowId}-work`, 3);
  expect(waiting?.lastFailure?.message).toMatch(/ECONNREFUSED/);
  // A reachable server that answers with errors prolongs the same outage.
  const reddit = await openReddit();
  reddit.setFaults({ errorEvery: 1 });
  await waitFor(async () => reddit.requests.entries.length > 6);
  reddit.setFaults({ errorEvery: 0 });
  expect(await handle.result()).toMatchObject({ posts: { new: 36 }, comments: { new: 288 } });
  expect(await attemptsOf(handle.workflowId)).toMatchObject([{ attempt: 1, outcome: 'succeeded', failure: null }]);
});

test('a scrape whose client is blocked by pages for people waits, and fails when the block stays', async () => {
  const reddit = await openReddit();
  const block = { htmlEvery: 1, htmlStatus: 403, pathIncludes: '/comments/' };
  reddit.setFaults(block);
  await startWorker({ totalMs: 1_200, firstPauseMs: 300, longestPauseMs: 600 });
  const blocked = await start('REDDIT_SCRAPE', { ...scrape, subreddits: ['books'] });
  await expect(blocked.result()).rejects.toMatchObject({ cause: { type: 'RedditError.blocked' } });
  expect(await rowOf(blocked.workflowId)).toMatchObject({
    status: 'failed',
    error_message: expect.stringContaining('blocks this client'),
  });
  const passing = await start('REDDIT_SCRAPE', { ...scrape, subreddits: ['books'] }, 10);
  await waitingTries(`${passing.workflowId}-work`, 1);
  reddit.setFaults({ ...block, htmlEvery: 0 });
  expect(await passing.result()).toMatchObject({ comments: { new: 96 }, threads_failed: 0 });
});

test('a deletion sync waits too, and states the reason while it waits', async () => {
  await openReddit();
  await startWorker(patient);
  await (await start('REDDIT_SCRAPE', scrape)).result();
  await closeReddit();
  const handle = await start('REDDIT_DELETION_SYNC', { max_age_days: 10_000 });
  await waitingTries(handle.workflowId, 2);
  expect(await attemptsOf(handle.workflowId)).toMatchObject([
    {
      attempt: 1,
      outcome: 'running',
      failure: {
        type: 'RedditError.network',
        message: expect.stringMatching(/ECONNREFUSED/),
        waited: { outage: { since: expect.any(String) } },
      },
    },
  ]);
  await openReddit();
  expect(await handle.result()).toMatchObject({ checked: 324, deleted: 0, unchanged: 324 });
  expect(await attemptsOf(handle.workflowId)).toMatchObject([{ attempt: 1, outcome: 'succeeded', failure: null }]);
});

test.each(['REDDIT_SCRAPE', 'REDDIT_DELETION_SYNC'])(
  '%s: an outage beyond the patience costs a retry, once for all subreddits, and then ends the run with its length',
  async (taskType) => {
    await openReddit();
    await startWorker({ totalMs: 1_200, firstPauseMs: 300, longestPauseMs: 600 });
    await (await start('REDDIT_SCRAPE', scrape)).result();
    await closeReddit();
    const handle = await start(taskType, taskType === 'REDDIT_SCRAPE' ? scrape : { max_age_days: 10_000 }, 1);
    await expect(handle.result()).rejects.toMatchObject({
      cause: {
        type: 'RedditError.network',
        message: expect.stringMatching(/^Reddit could not be had for 1 s, in \d+ tries; at last: .*ECONNREFUSED/),
      },
    });
    const attempts = await attemptsOf(handle.workflowId);
    expect(attempts.map(({ outcome, failure }) => [outcome, failure.isRetryable])).toEqual([
      ['failed', true],
      ['failed', true],
    ]);
    for (const { started_at, ended_at } of attempts) expect(ended_at - started_at).toBeGreaterThanOrEqual(1_200);
    expect(await rowOf(handle.workflowId)).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('could not be had'),
    });
  },
);
