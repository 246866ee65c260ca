import { randomUUID } from 'node:crypto';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { createTestApi, insertExecution, type TestApi } from '../../support/api-support';
import { startWorld, type ScrapedWorld } from '../../support/scrape-stack';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { connectTestTemporal, startTestWorker, type TestWorker } from '../../support/task-worker';
import { waitFor } from '../../support/process';
import { createFakeServices } from '../../support/task-context';
import type { TemporalConnection } from '../../../src/platform/temporal';
import type { TaskServices } from '../../../src/tasks/task-services';

const NOW = new Date('2026-05-01T12:00:00Z');
const taskQueue = `progress-${randomUUID()}`;
let db: TestDatabase;
let temporal: TemporalConnection;
let api: TestApi;
let world: ScrapedWorld;
let worker: TestWorker | undefined;

/** Goes no further until it is told to stop. */
const stoppedBy = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
const exportsHalfWay: Pick<TaskServices['exports'], 'write'> = {
  write: (_request, { signal, onProgress }) => (onProgress(125, 1_000), stoppedBy(signal)),
};
const backupsHalfWay: Pick<TaskServices['backups'], 'write'> = {
  write: (_request, { signal, onProgress }) => (
    onProgress({ tables: 2, tablesTotal: 3, rows: 10, bytes: 100 }),
    stoppedBy(signal)
  ),
};

const startWorker = async () => {
  const services = {
    exports: createFakeServices({ exports: exportsHalfWay }).exports,
    backups: createFakeServices({ backups: backupsHalfWay }).backups,
    reddit: world.reddit,
    content: createRedditContentRepository(db.database),
    scrapes: createRedditScrapeRepository(db.database),
  };
  worker = await startTestWorker({ database: db.database, services, taskQueue });
};
beforeAll(async () => {
  db = await createTestDatabase();
  world = await startWorld({ seed: 'progress', now: () => NOW, scale: { posts: 30, commentsPerPost: 12 } });
  await startWorker();
  temporal = await connectTestTemporal();
  api = await createTestApi({ database: db.database, temporal, taskQueue });
});
afterAll(async () => {
  await api?.close();
  await worker?.stop();
  await temporal?.close();
  await world?.sandbox.close();
  await db?.drop();
});

const parameters = { subreddits: ['programming', 'books'], posts_limit: 30, comments_limit: 100, expand_more: 5 };

test('a scrape tells how far it is: by its workflow, without a worker by what is stored, and from its result at the end', async () => {
  world.sandbox.setFaults({ latencyMs: 150 });
  const { body: submitted } = await api.root('POST', '/tasks/execute/by-type/REDDIT_SCRAPE', {
    task_params: parameters,
  });
  const progress = async () => (await api.root('GET', `/tasks/executions/${submitted.task_id}/progress`)).body;
  const live = await waitFor(async () => {
    const body = await progress();
    return (
      body.source === 'query' && body.subreddits?.some((one: { threads_done: number }) => one.threads_done > 2) && body
    );
  });
  expect(live).toMatchObject({
    status: 'running',
    phase: 'scraping',
    cursor: null,
    subreddits: [{ name: 'programming', posts: 30, threads_total: 30, state: 'running' }, { name: 'books' }],
  });
  expect(live.percent).toBeGreaterThan(0);
  expect(live.percent).toBeLessThan(100);
  expect(live.requests.spent).toBeGreaterThan(3);

  const { body: detail } = await api.root('GET', `/tasks/executions/${submitted.task_id}`);
  expect(detail.live.pending_activities.map((activity: { type: string }) => activity.type)).toContain('scrapeSlice');

  // Its worker goes; nobody answers a query, and the answer comes all the same.
  await worker!.stop();
  const askedAt = performance.now();
  const stored = await progress();
  expect(performance.now() - askedAt).toBeLessThan(5_000);
  expect(stored).toMatchObject({
    status: 'running',
    phase: 'scraping',
    subreddits: [{ posts: 30 }, { name: 'books' }],
  });
  expect(['row', 'heartbeat']).toContain(stored.source);
  expect(stored.requests.spent).toBeGreaterThanOrEqual(live.requests.spent);

  world.sandbox.setFaults({ latencyMs: 0 });
  await startWorker();
  await waitFor(async () => (await progress()).status === 'succeeded');
  expect(await progress()).toMatchObject({
    execution_id: detail.id,
    status: 'succeeded',
    percent: 100,
    phase: 'ended',
    source: 'result',
    subreddits: [
      { name: 'programming', posts: 30, comments: 360, threads_done: 30, threads_total: 30, state: 'succeeded' },
      { name: 'books', comments: 360 },
    ],
    requests: { spent: expect.any(Number), saved: 0 },
  });
  // A worker that is told to stop gives its subreddits back where they stand: not even an attempt is lost.
  expect((await api.root('GET', `/tasks/executions/${submitted.task_id}`)).body.attempts).toMatchObject([
    { attempt: 1, outcome: 'succeeded' },
  ]);
});

test('other task types tell what they report, or as little as there is', async () => {
  const ended = await insertExecution(db.database, { task_type: 'TEST_FAILURE', status: 'failed' });
  expect((await api.root('GET', `/tasks/executions/${ended}/progress`)).body).toMatchObject({
    execution_id: ended,
    status: 'failed',
    percent: null,
    phase: 'ended',
    subreddits: [],
    requests: null,
    cursor: null,
    source: 'row',
  });
  const { body: submitted } = await api.root('POST', '/tasks/execute/by-type/TEST_TIMEOUT', {
    task_params: { sleep_seconds: 30 },
  });
  const running = await waitFor(async () => {
    const { status, body } = await api.root('GET', `/tasks/executions/${submitted.task_id}/progress`);
    return status === 200 && body;
  });
  expect(running).toMatchObject({ status: 'running', percent: null, phase: 'running', subreddits: [] });
  await api.root('POST', `/tasks/executions/${submitted.task_id}/cancel`);
});

test.each([
  ['DATA_EXPORT', 12],
  ['DATA_BACKUP', 66],
])('%s tells of how much it has written', async (type, percent) => {
  const { body: submitted } = await api.root('POST', `/tasks/execute/by-type/${type}`, { task_params: {} });
  const progress = async () => (await api.root('GET', `/tasks/executions/${submitted.task_id}/progress`)).body;
  const running = await waitFor(async () => {
    const body = await progress();
    return body.source === 'heartbeat' && body;
  });
  expect(running).toMatchObject({ status: 'running', percent });
  await api.root('POST', `/tasks/executions/${submitted.task_id}/cancel`);
  await waitFor(async () => (await progress()).status === 'cancelled');
  expect(await progress()).toMatchObject({ percent: null, phase: 'ended' });
});

test('a cancelled scrape tells how far it came', async () => {
  const id = await insertExecution(db.database, {
    task_type: 'REDDIT_SCRAPE',
    status: 'cancelled',
    parameters: JSON.stringify({ subreddits: ['books'] }),
  });
  expect((await api.root('GET', `/tasks/executions/${id}/progress`)).body).toMatchObject({
    status: 'cancelled',
    percent: 0,
    phase: 'ended',
    source: 'row',
    subreddits: [{ name: 'books', state: 'skipped' }],
  });
});

test.each([
  ['cancelled', undefined],
  ['timed_out', 2],
] as const)('a run that is %s in mid-scrape has no subreddit at work any more', async (status, timeoutSeconds) => {
  world.sandbox.setFaults({ latencyMs: 150 });
  const { body: config } = await api.root('POST', '/tasks/configs', {
    name: `ends ${status}`,
    task_type: 'REDDIT_SCRAPE',
    scheduler_type: 'manual',
    parameters: {
      ...parameters,
      subreddits: ['programming', 'history', 'gardening', 'askscience', 'selfhosted'],
      reread_unchanged: true,
    },
    timeout_seconds: timeoutSeconds,
  });
  const { body: submitted } = await api.root('POST', `/tasks/execute/${config.id}`);
  const progress = async () => (await api.root('GET', `/tasks/executions/${submitted.task_id}/progress`)).body;
  await waitFor(async () =>
    (await progress()).subreddits?.some((one: { threads_done: number }) => one.threads_done > 1),
  );
  if (!timeoutSeconds) await api.root('POST', `/tasks/executions/${submitted.task_id}/cancel`);
  await waitFor(async () => (await progress()).status === status);
  const ended = await progress();
  expect(ended).toMatchObject({
    phase: 'ended',
    source: 'row',
    subreddits: [
      { state: 'cancelled' },
      { state: 'cancelled' },
      { state: 'cancelled' },
      { state: 'cancelled' },
      { state: 'skipped' },
    ],
  });
  expect(ended.percent).toBeGreaterThan(0);
  expect(ended.percent).toBeLessThan(100);
  world.sandbox.setFaults({ latencyMs: 0 });
  await db.database('task_configs').del();
});

test('a subreddit that Reddit refuses is not counted as done', async () => {
  const { body: submitted } = await api.root('POST', '/tasks/execute/by-type/REDDIT_SCRAPE', {
    task_params: { ...parameters, subreddits: ['books', 'taskloom_private'] },
  });
  const progress = async () => (await api.root('GET', `/tasks/executions/${submitted.task_id}/progress`)).body;
  await waitFor(async () => (await progress()).status === 'succeeded');
  expect(await progress()).toMatchObject({ percent: 50, subreddits: [{ state: 'succeeded' }, { state: 'failed' }] });
});

test('an unknown run is 404, and a user who may not is 403', async () => {
  expect((await api.root('GET', '/tasks/executions/999999/progress')).status).toBe(404);
  expect((await api.root('GET', '/tasks/executions/nosuchtask/progress')).status).toBe(404);
  expect((await api.user('GET', '/tasks/executions/1/progress')).status).toBe(403);
  expect((await api.anonymous('GET', '/tasks/executions/1/progress')).status).toBe(401);
});

describe('what a config would cost', () => {
  const estimate = (body: object) => api.root('POST', '/tasks/configs/estimate', body);

  test('a scrape, from what is stored of its subreddits', async () => {
    const { status, body } = await estimate({
      name: 'not needed',
      scheduler_type: 'manual',
      task_type: 'REDDIT_SCRAPE',
      parameters: { subreddits: ['Programming', 'neverseen'], posts_limit: 30 },
    });
    expect(status).toBe(200);
    // Every thread of the one is known; of the other nothing is.
    expect(body).toMatchObject({
      supported: true,
      requests: {
        total: { min: 2, max: 62, source: 'mixed', assumed: 56 },
        listing_pages: { min: 2, max: 2, source: 'measured' },
        threads: { min: 0, max: 60, source: 'mixed', assumed: 54 },
        expansions: { min: 0, max: 0, source: 'exact' },
      },
      basis: {
        requests_per_minute: 100,
        assumptions: [
          expect.stringMatching(
            /^Nothing is stored of r\/neverseen\. Assumed of each: .*80 of 100 with comments, 20 comments a post/,
          ),
        ],
        subreddits: [
          { name: 'Programming', source: 'stored', posts: 30, comments_per_post: 12, share_with_comments: 1 },
          { name: 'neverseen', source: 'defaults', posts: 0 },
        ],
      },
    });
    expect(body.minutes).toEqual({ min: 0.1, max: 0.7, assumed: 0.6 });
  });

  test('a deletion sync, from the rows that it would look at', async () => {
    const rowsOf = async (table: string, where: object = {}) =>
      Number((await db.database(table).where(where).count())[0]?.['count']);
    const [posts, comments, books] = [
      await rowsOf('reddit_posts'),
      await rowsOf('reddit_comments'),
      await rowsOf('reddit_comments', { subreddit: 'books' }),
    ];
    const checks = (rows: number) => ({
      min: Math.ceil(rows / 100),
      max: 2 * Math.ceil(rows / 100),
      source: 'measured',
    });
    const all = (await estimate({ task_type: 'REDDIT_DELETION_SYNC', parameters: { max_age_days: 36_500 } })).body;
    expect(all).toMatchObject({
      supported: true,
      requests: { total: checks(posts + comments), checks: checks(posts + comments) },
      rows: { posts: { min: posts, max: posts, source: 'exact' }, comments: { max: comments, source: 'exact' } },
    });
    expect(all.requests.total.min).toBeGreaterThan(3);
    const some = (
      await estimate({
        task_type: 'REDDIT_DELETION_SYNC',
        parameters: { max_age_days: 36_500, subreddits: ['Books', 'neverseen'] },
      })
    ).body;
    expect(some).toMatchObject({
      rows: { comments: { max: books } },
      basis: {
        assumptions: expect.arrayContaining(['Nothing is stored of r/neverseen: nothing there will be checked.']),
      },
    });
    expect(
      (await estimate({ task_type: 'REDDIT_DELETION_SYNC', parameters: { max_age_days: 36_500, limit: 150 } })).body,
    ).toMatchObject({ requests: { total: checks(150) }, rows: { posts: { min: 0 } } });
    expect(
      (await estimate({ task_type: 'REDDIT_DELETION_SYNC', parameters: { max_age_days: 0.001 } })).body.requests.total,
    ).toMatchObject({ min: 0, max: 0 });
  });

  test('an unknown type is told as it is when such a config is saved', async () => {
    const body = { name: 'x', task_type: 'NO_SUCH_TYPE', scheduler_type: 'manual', parameters: { days_old: 'many' } };
    const saved = await api.root('POST', '/tasks/configs', body);
    const estimated = await estimate(body);
    expect([estimated.status, estimated.body]).toEqual([saved.status, saved.body]);
    for (const task_type of [undefined, 7, null, 'reddit_scrape']) {
      const [one, other] = [
        await api.root('POST', '/tasks/configs', { ...body, task_type }),
        await estimate({ ...body, task_type }),
      ];
      expect([other.status, other.body]).toEqual([one.status, one.body]);
    }
  });

  test('other types: how long their runs take', async () => {
    expect((await estimate({ task_type: 'HEALTH_CHECK' })).body).toEqual({
      task_type: 'HEALTH_CHECK',
      supported: false,
      typical_duration_seconds: null,
      runs: 0,
    });
    for (const seconds of [1, 9, 4])
      await insertExecution(db.database, { task_type: 'HEALTH_CHECK', duration_seconds: seconds });
    expect((await estimate({ task_type: 'HEALTH_CHECK' })).body).toMatchObject({
      typical_duration_seconds: 4,
      runs: 3,
    });
  });

  test('bad parameters are named, and nothing is stored', async () => {
    const { status, body } = await estimate({
      task_type: 'REDDIT_SCRAPE',
      parameters: { subreddits: [], posts_limit: 0 },
    });
    expect(status).toBe(422);
    expect(body.detail.map((item: { loc: string[] }) => item.loc.join('.'))).toEqual([
      'body.parameters.subreddits',
      'body.parameters.posts_limit',
    ]);
    expect((await estimate({ task_type: 'NONE' })).status).toBe(422);
    expect((await api.user('POST', '/tasks/configs/estimate', { task_type: 'HEALTH_CHECK' })).status).toBe(403);
    expect(await db.database('task_configs')).toEqual([]);
  });
});
