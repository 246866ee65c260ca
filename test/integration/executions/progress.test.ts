import { randomUUID } from 'node:crypto';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { insertExecution, type TestStack, useTestApi } from '../../support/api-support';
import { startWorld, type ScrapedWorld } from '../../support/scrape-stack';
import { startTestWorker, type TestWorker } from '../../support/task-worker';
import { waitFor } from '../../support/process';
import { createFakeServices } from '../../support/task-context';
import type { TaskServices } from '../../../src/tasks/task-services';

const NOW = new Date('2026-05-01T12:00:00Z');
const taskQueue = `progress-${randomUUID()}`;
let { db, api } = {} as TestStack;
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
afterAll(async () => {
  await worker?.stop();
  await world?.sandbox.close();
});
useTestApi('file', (stack) => ({ db, api } = stack), { taskQueue });
beforeAll(async () => {
  world = await startWorld({ seed: 'progress', now: () => NOW, scale: { posts: 30, commentsPerPost: 12 } });
  await startWorker();
});

const parameters = { subreddits: ['programming', 'books'], posts_limit: 30, comments_limit: 100, expand_more: 5 };

test('shows the progress of a scrape from its workflow, its rows, or its result', async () => {
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

  // Without a worker no query is answered; the API answers from the rows.
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
  // A worker that shuts down hands over its subreddits, so that not even an attempt is lost.
  expect((await api.root('GET', `/tasks/executions/${submitted.task_id}`)).body.attempts).toMatchObject([
    { attempt: 1, outcome: 'succeeded' },
  ]);
});

test('other task types show what they report, or only the status', async () => {
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
])('%s reports how much it has written', async (type, percent) => {
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

test('a cancelled scrape shows how far it came', async () => {
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
] as const)('a run that is %s in mid-scrape shows no running subreddit', async (status, timeoutSeconds) => {
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

test('an unknown run is 404; a user without the role gets 403', async () => {
  expect((await api.root('GET', '/tasks/executions/999999/progress')).status).toBe(404);
  expect((await api.root('GET', '/tasks/executions/nosuchtask/progress')).status).toBe(404);
  expect((await api.user('GET', '/tasks/executions/1/progress')).status).toBe(403);
  expect((await api.anonymous('GET', '/tasks/executions/1/progress')).status).toBe(401);
});
