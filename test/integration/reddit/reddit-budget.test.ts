import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { measureFleet } from '../../../bench/reddit-fleet';
import { createRedditClient } from '../../../src/platform/reddit/snoowrap-client';
import { createRedditSandbox, type RedditSandbox } from '../../../src/reddit-sandbox/sandbox-server';
import { createDeletionSyncRepository } from '../../../src/storage/reddit/deletion-sync-repository';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createManualConfig } from '../../support/manual-configs';
import { openBudget } from '../../support/open-budget';
import { waitFor } from '../../support/process';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import { describeEachStore } from '../../support/test-services';
import { createTestApi, type TestApi } from '../../support/api-support';
import type { ListingPage, RedditClient } from '../../../src/platform/reddit/reddit-client';
import type * as workflows from '../../../src/workflows';

describeEachStore('three processes at full load over', (storeUrl) =>
  test('use 95 % of the budget of two windows and more, and none of them is refused', async () => {
    // A busy machine may waste a window; a budget that wastes requests does so in every one.
    const areEnough = (counts: number[]) => counts.some((count, n) => n > 0 && counts[n - 1]! + count >= 190);
    const askerFile = path.resolve(__dirname, '../../../dist/bench/reddit-asker.js');
    const { counts, refused, processes } = await measureFleet({
      storeUrl,
      processes: 3,
      callers: 12,
      requests: 100,
      windowSeconds: 10,
      windows: 12,
      areEnough,
      latencyMs: 50,
      askerFile,
    });
    expect(refused).toBe(0);
    expect({ counts, areEnough: areEnough(counts) }).toEqual({ counts, areEnough: true });
    for (const { sent } of processes) expect(sent).toBeGreaterThan(20);
  }, 180_000),
);

describe('a run that Reddit makes wait', () => {
  let db: TestDatabase;
  let worker: TestWorker;
  let api: TestApi;
  let sandbox: RedditSandbox;

  beforeAll(async () => {
    db = await createTestDatabase();
    sandbox = createRedditSandbox({
      seed: 'waits',
      rateLimit: { requests: 10_000_000 },
      scale: { posts: 900, commentsPerPost: 1 },
      now: () => new Date('2026-01-01T00:00:00Z'),
    });
  });
  beforeEach(async () => {
    sandbox.reset();
    const { url } = await listen();
    const reddit = createRedditClient({
      budget: openBudget(),
      clientId: randomUUID(),
      clientSecret: 'secret',
      userAgent: 'linux:taskloom-test:1 (by /u/test)',
      oauthBaseUrl: url,
      wwwBaseUrl: url,
      isSandbox: true,
      log: { warn: () => undefined },
    });
    worker = await startTestWorker({
      database: db.database,
      services: { reddit, deletions: createDeletionSyncRepository(db.database) },
    });
    await db.database.raw('truncate reddit_posts cascade');
    await storePosts(reddit);
    api = await createTestApi({ database: db.database, temporal: worker.temporal, taskQueue: worker.taskQueue });
  });
  afterEach(async () => {
    await api?.close();
    await worker?.stop();
  });
  afterAll(async () => {
    await sandbox?.close();
    await db?.drop();
  });

  let address: Promise<{ url: string }> | undefined;
  const listen = () => (address ??= sandbox.listen());
  const rowOf = async (workflowId: string) =>
    (await db.database('task_executions').where({ workflow_id: workflowId }))[0];
  const attemptsOf = async (executionId: number) =>
    db.database('task_attempts').where({ execution_id: executionId }).orderBy('attempt');
  const asked = (status: number) =>
    sandbox.requests.entries
      .filter((entry) => entry.path.includes('/api/info') && entry.status === status)
      .map((entry) => entry.query['id']);

  /** Nine requests' worth of what a deletion sync looks at. */
  async function storePosts(reddit: RedditClient): Promise<void> {
    const content = createRedditContentRepository(db.database);
    for (let after: string | null = null, pages = 0; pages < 9; pages += 1) {
      const page: ListingPage = await reddit.listPosts(
        { subreddit: 'programming', sort: 'new', limit: 100, after },
        new AbortController().signal,
      );
      await content.upsertPosts(page.posts, { runStartedAt: new Date(), isSandbox: true });
      after = page.after;
    }
  }

  /** A run that has got a 429 in its midst, and waits for the time that it named. */
  async function startAndRefuse() {
    const config = await createManualConfig(db.database, {
      name: 'waits',
      taskType: 'REDDIT_DELETION_SYNC',
      parameters: { max_age_days: 10_000 },
    });
    sandbox.setFaults({ latencyMs: 100 });
    const workflowId = `waits-${randomUUID()}`;
    const handle = await worker.temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
      workflowId,
      taskQueue: worker.taskQueue,
      args: [{ configId: config.id, triggeredBy: 'manual' }],
    });
    await waitFor(async () => asked(200).length >= 2);
    sandbox.setFaults({ rateLimitEvery: 1, retryAfterSeconds: 7 });
    await waitFor(async () => asked(429).length > 0);
    sandbox.setFaults({ rateLimitEvery: 0 });
    const row = await waitFor(async () => rowOf(workflowId));
    await waitFor(async () => (await attemptsOf(row.id))[0]?.failure);
    return { handle, id: row.id as number };
  }

  test('gives up its slot, continues from its cursor, and succeeds within one attempt', async () => {
    const { handle, id } = await startAndRefuse();
    const seen = (await api.root('GET', `/tasks/executions/${id}`)).body;
    expect(seen).toMatchObject({
      status: 'running',
      attempts: [{ attempt: 1, outcome: 'waiting', ended_at: null, failure: { type: 'RedditError.rate_limited' } }],
    });
    await handle.result();
    expect(await rowOf(handle.workflowId)).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect(await attemptsOf(id)).toMatchObject([{ attempt: 1, outcome: 'succeeded', failure: null }]);
    expect(asked(429)).toHaveLength(1);
    expect(new Set(asked(200)).size).toBe(asked(200).length);
  });

  test('is cancelled meanwhile at once', async () => {
    const { handle, id } = await startAndRefuse();
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(await rowOf(handle.workflowId)).toMatchObject({ status: 'cancelled' });
    expect(await attemptsOf(id)).toMatchObject([{ attempt: 1, outcome: 'cancelled' }]);
    expect(asked(429)).toHaveLength(1);
  });

  test('is given up when it has lost too many workers', async () => {
    const { handle, id } = await startAndRefuse();
    await db.database('task_attempts').insert(
      Array.from({ length: 21 }, (_, n) => ({
        execution_id: id,
        attempt: 100 + n,
        outcome: 'lost',
        worker: 'gone',
        started_at: new Date(),
      })),
    );
    await expect(handle.result()).rejects.toThrow();
    expect(await rowOf(handle.workflowId)).toMatchObject({
      status: 'failed',
      error_message: 'Gave up after 20 lost workers',
    });
  });
});

describe('GET /reddit/budget', () => {
  let db: TestDatabase;
  let worker: TestWorker;
  beforeAll(async () => {
    db = await createTestDatabase();
    worker = await startTestWorker({ database: db.database });
  });
  afterAll(async () => {
    await worker?.stop();
    await db?.drop();
  });

  describeEachStore('over', (storeUrl) =>
    test('is shared', async () => {
      const api = await createTestApi({ database: db.database, temporal: worker.temporal, storeUrl });
      const { id } = await createManualConfig(db.database, { name: 'nightly', taskType: 'REDDIT_SCRAPE' });
      expect((await api.anonymous('GET', '/reddit/budget')).status).toBe(401);
      expect((await api.user('GET', '/reddit/budget')).body).toMatchObject({
        source: 'default',
        limit: 100,
        used: 0,
        remaining: 100,
        last_minute: 0,
        waiting: 0,
        by_config: [],
      });

      const queue = (flow: string, waiting: number) => ({ flow, weight: 5, isExclusive: false, waiting, ageMs: 0 });
      const asks = { process: 'a', free: 1, unused: [] as number[] };
      const { grants } = await api.budget.poll({ ...asks, queues: [queue(String(id), 3)], outcomes: [] });
      const [grant] = Object.keys(grants).map(Number);
      await api.budget.poll({
        ...asks,
        queues: [queue(String(id), 2), queue('none', 1)],
        outcomes: [{ id: grant!, headers: { used: 40, remaining: 560, resetMs: 300_000 }, closeMs: 30_000 }],
      });
      const { status, body } = await api.user('GET', '/reddit/budget');
      expect(status).toBe(200);
      expect(body).toEqual({
        is_shared: true,
        source: 'headers',
        limit: 500,
        used: 0,
        remaining: 500,
        resets_at: expect.any(String),
        closed_until: expect.any(String),
        last_minute: 1,
        waiting: 3,
        deferred: 0,
        processes_waiting: 1,
        by_config: [
          { config_id: id, name: 'nightly', waiting: 2, deferred: 0, last_minute: 1 },
          { config_id: null, name: 'none', waiting: 1, deferred: 0, last_minute: 0 },
        ],
      });

      expect((await api.user('POST', '/reddit/budget/reset', {})).status).toBe(403);
      expect(await api.root('POST', '/reddit/budget/reset', {})).toMatchObject({
        status: 200,
        body: { source: 'default', limit: 100, closed_until: null, last_minute: 1, waiting: 3 },
      });
      expect((await api.user('GET', '/reddit/budget')).body).toMatchObject({ source: 'default', closed_until: null });
      expect(
        (await api.root('GET', '/audit-log?action=reddit_budget.reset&outcome=succeeded&limit=1')).body,
      ).toMatchObject([{ action: 'reddit_budget.reset', target_type: 'reddit_budget', status: 200 }]);
      expect(Math.abs(Date.parse(body.resets_at) - Date.now() - 300_000)).toBeLessThan(5_000);
      await api.close();
    }),
  );
});
