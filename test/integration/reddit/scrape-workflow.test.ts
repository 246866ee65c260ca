import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { recordHistory } from '../../support/record-history';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { createExecutionReconciler } from '../../../src/scheduling/reconcile/reconcile-executions';
import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import { waitFor } from '../../support/process';
import { countRequests, startWorld, type ScrapedWorld } from '../../support/scrape-stack';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import { RedditError, type RedditClient } from '../../../src/platform/reddit/reddit-client';
import type { ScrapeLimits } from '../../../src/activities/scrape-limits';
import type { ScrapeProgress } from '../../../src/activities/run-request';
import type * as workflows from '../../../src/workflows';

jest.setTimeout(180_000);

const NOW = new Date('2026-05-01T12:00:00Z');
let db: TestDatabase;
let world: ScrapedWorld;
const workers: TestWorker[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  world = await startWorld({ seed: 'workflow', now: () => NOW, scale: { posts: 12, commentsPerPost: 30 } });
});
beforeEach(async () => {
  await db.database.raw('truncate reddit_posts, task_executions cascade');
  world.sandbox.setFaults({ latencyMs: 0, errorEvery: 0, rateLimitEvery: 0 });
  world.sandbox.reset();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
});
afterAll(async () => {
  await world?.sandbox.close();
  await db?.drop();
});

async function startWorker(
  limits: Partial<ScrapeLimits> = {},
  reddit: RedditClient = world.reddit,
  taskQueue?: string,
): Promise<TestWorker> {
  const services = {
    reddit,
    content: createRedditContentRepository(db.database),
    scrapes: createRedditScrapeRepository(db.database),
  };
  const worker = await startTestWorker({ database: db.database, services, scrapeLimits: limits, taskQueue });
  workers.push(worker);
  return worker;
}
async function start(
  worker: TestWorker,
  parameters: object,
  plan: { maxRetries?: number; timeoutSeconds?: number } = {},
) {
  const workflowId = `scrape-${randomUUID()}`;
  return worker.temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
    workflowId,
    taskQueue: worker.taskQueue,
    memo: { configName: 'a scrape' },
    args: [
      { configId: null, taskType: 'REDDIT_SCRAPE', parameters: { ...parameters }, triggeredBy: 'by_type', ...plan },
    ],
  });
}
const rowOf = async (workflowId: string) =>
  (await db.database('task_executions').where({ workflow_id: workflowId }))[0];
const attemptsOf = async (executionId: number) =>
  db.database('task_attempts').where({ execution_id: executionId }).orderBy('attempt');
const countOf = async (table: string) => Number((await db.database(table).count())[0]?.['count']);
const everything = { sort: 'new', posts_limit: 12, comments_limit: 10_000, expand_more: 100 };

test('a scrape in a workflow of its own begins its history anew, and its result is whole', async () => {
  const worker = await startWorker({ requestsPerSlice: 3, slicesPerHistory: 3, subredditsAtOnce: 2 });
  const handle = await start(worker, { ...everything, subreddits: ['programming', 'books'] });
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
  expect(result['requests']).toBe(countRequests(world.sandbox).all);
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

test('a cancelled scrape stops within seconds, and so does one whose time is up', async () => {
  const worker = await startWorker({ requestsPerSlice: 5 });
  world.sandbox.setFaults({ latencyMs: 200 });
  const handle = await start(worker, { ...everything, subreddits: ['programming', 'books'] });
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

  const timed = await start(worker, { ...everything, subreddits: ['gardening'] }, { timeoutSeconds: 1 });
  await expect(timed.result()).rejects.toMatchObject({ cause: { type: 'TimedOut' } });
  expect(await rowOf(timed.workflowId)).toMatchObject({ status: 'timed_out' });
});

test('a terminated scrape takes its work with it, also after its history began anew', async () => {
  const worker = await startWorker({ requestsPerSlice: 1, slicesPerHistory: 2 });
  world.sandbox.setFaults({ latencyMs: 100 });
  const handle = await start(worker, { ...everything, subreddits: ['programming'] });
  await waitFor(async () => (await countOf('reddit_comments')) >= 90);
  await handle.terminate('enough');
  const work = worker.temporal.client.workflow.getHandle(`${handle.workflowId}-work`);
  await waitFor(async () => (await work.describe()).status.name === 'TERMINATED');
});

test('429 and an announced 503 are waited for outside the slot, and cost no retry', async () => {
  let refusals = 3;
  const refusing: RedditClient = {
    ...world.reddit,
    scoped: () => {
      const scoped = world.reddit.scoped();
      return {
        ...scoped,
        getComments: async (query, signal) => {
          if (refusals > 0)
            throw new RedditError((refusals -= 1) === 1 ? 'unavailable' : 'rate_limited', 'come back later', {
              retryAfterMs: 700,
            });
          return scoped.getComments(query, signal);
        },
      };
    },
  };
  const worker = await startWorker({}, refusing);
  const handle = await start(worker, { ...everything, subreddits: ['programming'] });
  expect(await handle.result()).toMatchObject({ comments: { new: 360 } });
  const row = await rowOf(handle.workflowId);
  expect(await attemptsOf(row.id)).toMatchObject([{ attempt: 1, outcome: 'succeeded' }]);
  expect(row.completed_at.getTime() - row.started_at.getTime()).toBeGreaterThanOrEqual(2_100);
});

test('a scrape that waits for Reddit is cancelled at once', async () => {
  const slow: RedditClient = {
    ...world.reddit,
    scoped: () => ({
      ...world.reddit.scoped(),
      listPosts: () => Promise.reject(new RedditError('rate_limited', 'in ten minutes', { retryAfterMs: 600_000 })),
    }),
  };
  const worker = await startWorker({}, slow);
  const handle = await start(worker, { ...everything, subreddits: ['programming'] });
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

test('what breaks at the same moment costs one retry, and a run without any left fails with the failure', async () => {
  // Each subreddit's first page breaks in each run, when all three are asked for.
  let asked = 0;
  const breaking: RedditClient = {
    ...world.reddit,
    scoped: () => {
      const scoped = world.reddit.scoped();
      return {
        ...scoped,
        listPosts: async (query, signal) => {
          const mine = (asked += 1);
          if (mine > 3) return scoped.listPosts(query, signal);
          await waitFor(async () => asked >= 3);
          throw new RedditError('malformed', `r/${query.subreddit} cannot be read`);
        },
      };
    },
  };
  const worker = await startWorker({ subredditsAtOnce: 3 }, breaking);
  const subreddits = ['programming', 'books', 'gardening'];
  const failed = await start(worker, { ...everything, subreddits });
  await expect(failed.result()).rejects.toMatchObject({ cause: { type: 'RedditError.malformed' } });
  const failedRow = await rowOf(failed.workflowId);
  expect(failedRow).toMatchObject({
    status: 'failed',
    error_message: expect.stringContaining('cannot be read'),
    error_traceback: expect.stringContaining('RedditError'),
  });
  expect(await attemptsOf(failedRow.id)).toMatchObject([
    { attempt: 1, outcome: 'failed', failure: { type: 'RedditError.malformed', isRetryable: true } },
  ]);

  asked = 0;
  const handle = await start(worker, { ...everything, subreddits }, { maxRetries: 1 });
  expect(await handle.result()).toMatchObject({ posts: { new: 36 } });
  expect(await attemptsOf((await rowOf(handle.workflowId)).id)).toMatchObject([
    { outcome: 'failed' },
    { outcome: 'succeeded' },
  ]);
});

test('an unauthorized client, and a run of refused subreddits alone, fail at once whatever the retries', async () => {
  const unauthorized: RedditClient = {
    ...world.reddit,
    scoped: () => ({
      ...world.reddit.scoped(),
      listPosts: () => Promise.reject(new RedditError('unauthorized', 'bad secret')),
    }),
  };
  const one = await startWorker({}, unauthorized);
  const handle = await start(one, { ...everything, subreddits: ['programming', 'books'] }, { maxRetries: 5 });
  await expect(handle.result()).rejects.toMatchObject({ cause: { message: 'bad secret' } });
  expect(await attemptsOf((await rowOf(handle.workflowId)).id)).toMatchObject([{ outcome: 'failed' }]);

  await workers.shift()?.stop();
  const other = await startWorker();
  const refused = await start(
    other,
    { ...everything, subreddits: ['taskloom_private', 'taskloom_banned'] },
    { maxRetries: 5 },
  );
  await expect(refused.result()).rejects.toMatchObject({
    cause: { type: 'PermanentTaskError', message: expect.stringContaining('No subreddit could be scraped') },
  });
  expect(await attemptsOf((await rowOf(refused.workflowId)).id)).toMatchObject([
    { outcome: 'failed', failure: { type: 'PermanentTaskError' } },
  ]);

  const outdated = await start(other, { subreddits: [] }, { maxRetries: 5 });
  await expect(outdated.result()).rejects.toMatchObject({ cause: { type: 'PermanentTaskError' } });
  const outdatedRow = await rowOf(outdated.workflowId);
  expect(outdatedRow).toMatchObject({
    status: 'failed',
    error_message: 'Its parameters do not fit REDDIT_SCRAPE: subreddits: name at least one subreddit',
  });
  expect(await attemptsOf(outdatedRow.id)).toMatchObject([
    { outcome: 'failed', failure: { type: 'PermanentTaskError', isRetryable: false } },
  ]);
});

test('while it runs the workflow tells its progress', async () => {
  const worker = await startWorker({ requestsPerSlice: 2 });
  world.sandbox.setFaults({ latencyMs: 50 });
  const handle = await start(worker, { ...everything, subreddits: ['programming', 'books'] });
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

test('reconcile leaves the workflow that does the work alone, at work and closed, and ends the row of a run that was torn out', async () => {
  const worker = await startWorker({ requestsPerSlice: 4, slicesPerHistory: 2 });
  const { client } = worker.temporal;
  const executions = createExecutionRepository(db.database);
  const reconcile = createExecutionReconciler({
    executions,
    workflowClient: client.workflow,
    log: pino({ level: 'silent' }),
    taskQueue: worker.taskQueue,
    graceMs: 0,
  });
  const handle = await start(worker, { ...everything, subreddits: ['programming'] });
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

  world.sandbox.setFaults({ latencyMs: 100 });
  const torn = await start(worker, { ...everything, subreddits: ['books'] });
  await waitFor(async () => (await countOf('reddit_posts')) > 12);
  await torn.terminate('torn out');
  await waitFor(async () => (await reconcile()).executionsEnded === 1);
  expect(await rowOf(torn.workflowId)).toMatchObject({
    status: 'terminated',
    error_message: expect.stringContaining('torn out'),
  });
  expect(await countOf('task_executions')).toBe(2);
});

test('an execution that ended meanwhile is left alone', async () => {
  const worker = await startWorker({ requestsPerSlice: 1 });
  world.sandbox.setFaults({ latencyMs: 50 });
  const handle = await start(worker, { ...everything, subreddits: ['programming'] });
  await waitFor(async () => (await countOf('reddit_comments')) > 0);
  const row = await rowOf(handle.workflowId);
  await createExecutionRepository(db.database).end(row.id, {
    status: 'terminated',
    endedAt: new Date(),
    errorMessage: 'by hand',
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'ExecutionEnded' } });
  expect(await rowOf(handle.workflowId)).toMatchObject({ status: 'terminated', error_message: 'by hand' });
});
