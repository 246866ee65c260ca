import { randomUUID } from 'node:crypto';
import { createTaskConfigRepository } from '../../src/storage/task-config-repository';
import { contentOf } from '../support/least-requests';
import { countRequests, startWorld, type ScrapedWorld } from '../support/scrape-stack';
import { startProcess, waitFor, type TestProcess } from '../support/process';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { createTestNamespace } from '../support/temporal-namespace';
import { testServices } from '../support/test-services';
import type { RedditSandboxOptions } from '../../src/stack/reddit-sandbox/sandbox-server';
import type { TemporalConnection } from '../../src/platform/temporal';
import type * as workflows from '../../src/workflows';

jest.setTimeout(240_000);

/** Grown threads, some of them beyond 500 comments and ten levels, beside fresh posts with few. */
const SUBREDDITS = ['history', 'programming'];
const POSTS = 130;
const parameters = { subreddits: SUBREDDITS, sort: 'new', posts_limit: POSTS, comments_limit: 10_000, expand_more: 1000 };

let db: TestDatabase;
let temporal: TemporalConnection;
let world: ScrapedWorld | undefined;
let now: Date;
const workers: TestProcess[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  temporal = await createTestNamespace();
});
beforeEach(async () => {
  now = new Date('2026-05-01T12:00:00Z');
  await db.database.raw('truncate reddit_posts, task_executions, task_configs cascade');
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.kill();
  await world?.sandbox.close();
  world = undefined;
});
afterAll(async () => {
  await temporal?.close();
  await db?.drop();
});

const generated = { seed: 'scrape-faults', now: () => now };

async function openWorld(options: RedditSandboxOptions = {}): Promise<ScrapedWorld> {
  world = await startWorld({ ...generated, rateLimit: { throttle: false }, ...options });
  return world;
}
async function startWorker(taskQueue: string): Promise<TestProcess> {
  const worker = await startProcess('worker/main.js', {
    DATABASE_URL: db.url,
    REDIS_URL: testServices().redisUrl,
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
    // Of this worker's tests alone: the budget is kept by client id, in the Redis that all share.
    REDDIT_CLIENT_ID: taskQueue,
    REDDIT_REQUESTS_PER_MINUTE: '10000000',
    REDDIT_OAUTH_BASE_URL: world!.url,
    REDDIT_WWW_BASE_URL: world!.url,
    REDDIT_IS_SANDBOX: 'true',
    WORKER_SHUTDOWN_GRACE_SECONDS: '2',
  });
  workers.push(worker);
  return worker;
}
async function start(taskQueue: string, wanted: object, maxRetries = 0) {
  const config = await createTaskConfigRepository(db.database).create({ name: 'scrape', description: null, taskType: 'REDDIT_SCRAPE', schedulerType: 'manual', parameters: wanted as Record<string, unknown>, scheduleConfig: {}, maxRetries, timeoutSeconds: null, priority: 5 });
  const handle = await temporal.client.workflow.start<typeof workflows.runTask>('runTask', { workflowId: `scrape-${randomUUID()}`, taskQueue, args: [{ configId: config.id, triggeredBy: 'manual' }] });
  return { handle, result: async () => (await handle.result()) as { requests: number; posts: { new: number }; comments: { new: number; updated: number; unchanged: number }; requests_saved: object } };
}
const idsOf = async (table: string) => (await db.database(table).select<{ id: string }[]>('id').orderBy('id')).map((row) => row.id);
const rowOf = async (workflowId: string) => (await db.database('task_executions').where({ workflow_id: workflowId }))[0];
const outcomesOf = async (workflowId: string) => (await db.database('task_attempts').where({ execution_id: (await rowOf(workflowId)).id }).orderBy('attempt')).map((attempt) => attempt.outcome as string);

async function expectEverything(result: { posts: { new: number }; comments: { new: number; updated: number; unchanged: number } }) {
  const content = contentOf(generated, SUBREDDITS, POSTS);
  expect(await idsOf('reddit_posts')).toEqual([...content.posts].sort());
  expect(await idsOf('reddit_comments')).toEqual([...content.comments].sort());
  expect(result).toMatchObject({ posts: { new: content.posts.length }, comments: { new: content.comments.length, updated: 0, unchanged: 0 }, unexpanded: 0, threads_failed: 0, malformed: 0 });
  return content;
}
const every7th503 = { errorEvery: 7, truncateEvery: 19, htmlEvery: 29, resetEvery: 31, rateLimitEvery: 37, rateLimitBurst: 2, retryAfterSeconds: 1 };

test('with faults of all kinds: every post and comment once, for the least requests that it can be had for', async () => {
  const { sandbox } = await openWorld({ faults: { ...every7th503, malformedEvery: 97, latencyMs: 3 }, tokenLifetimeSeconds: 3 });
  const taskQueue = `faults-${randomUUID()}`;
  await startWorker(taskQueue);
  const { handle, result } = await start(taskQueue, parameters, 2);
  const content = await expectEverything(await result());
  const asked = countRequests(sandbox);
  // What a fault struck, or an old token, had to be asked again; a page with spoilt items once more.
  const spoiltPages = asked.listings - content.leastListing;
  expect(spoiltPages).toBeGreaterThan(0);
  expect(asked.failed).toBeGreaterThan(content.leastRequests / 10);
  expect(asked.ok - spoiltPages).toBeLessThanOrEqual(content.leastRequests * 1.05);
  expect(asked.ok).toBeGreaterThanOrEqual(content.leastRequests);
  expect((await outcomesOf(handle.workflowId)).at(-1)).toBe('succeeded');
});

test('with its worker killed three times: nothing lost, nothing twice, hardly a request more, and no retry', async () => {
  const { sandbox } = await openWorld({ faults: { latencyMs: 20 } });
  const taskQueue = `kills-${randomUUID()}`;
  let worker = await startWorker(taskQueue);
  const { handle, result } = await start(taskQueue, parameters);
  for (const requests of [20, 60, 110]) {
    await waitFor(async () => countRequests(sandbox).all >= requests);
    await worker.kill();
    worker = await startWorker(taskQueue);
  }
  const content = await expectEverything(await result());
  const asked = countRequests(sandbox);
  expect(asked.ok).toBeLessThanOrEqual(content.leastRequests * 1.05);
  // A worker lost is told as that, once, however many subreddits were at work; it costs no retry.
  expect(await outcomesOf(handle.workflowId)).toEqual(['lost', 'lost', 'lost', 'succeeded']);
  expect(await rowOf(handle.workflowId)).toMatchObject({ status: 'succeeded', attempt: 4 });
});

test('an incremental scrape costs a request a subreddit when nothing is new, and otherwise what is new', async () => {
  const scale = { posts: 300, commentsPerPost: 5 };
  const { sandbox } = await openWorld({ scale });
  const taskQueue = `incremental-${randomUUID()}`;
  await startWorker(taskQueue);
  const wanted = { ...parameters, posts_limit: 250, incremental: true };
  await (await start(taskQueue, wanted)).result();
  expect(countRequests(sandbox)).toMatchObject({ listings: 6, trees: 500 });

  sandbox.requests.clear();
  const again = await (await start(taskQueue, wanted)).result();
  expect(countRequests(sandbox)).toMatchObject({ all: 2, listings: 2 });
  expect(again).toMatchObject({ requests: 2, requests_saved: { unchanged_threads: 200, watermark: 4 }, posts: { new: 0 } });

  const before = new Set(contentOf({ ...generated, scale }, SUBREDDITS, 250).posts);
  // r/programming gets a post every 30 s, r/history one every half hour.
  for (let fresh = 0; fresh < 3; ) {
    now = new Date(now.getTime() + 1_000);
    fresh = contentOf({ ...generated, scale }, SUBREDDITS, 250).posts.filter((id) => !before.has(id)).length;
  }
  sandbox.requests.clear();
  const grown = await (await start(taskQueue, wanted)).result();
  expect(grown).toMatchObject({ posts: { new: 3 }, comments: { new: 15 }, requests: 5 });
  expect(countRequests(sandbox)).toMatchObject({ all: 5, listings: 2, trees: 3 });
});
