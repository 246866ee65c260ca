import { randomUUID } from 'node:crypto';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { insertExecution } from '../../support/api-support';
import { waitFor } from '../../support/process';
import { runLanes } from '../../support/scrape-lanes';
import { startWorld, type ScrapedWorld } from '../../support/scrape-stack';
import { createTestNamespace } from '../../support/temporal-namespace';
import { createProcessBench } from '../../support/worker-process';
import type * as workflows from '../../../src/workflows';

jest.setTimeout(180_000);

const bench = createProcessBench({ connect: createTestNamespace });
let world: ScrapedWorld;

beforeAll(async () => {
  const now = new Date();
  world = await startWorld({
    seed: 'sync-faults',
    now: () => now,
    scale: { posts: 60, commentsPerPost: 20 },
    rateLimit: { throttle: false },
  });
});
afterAll(() => world?.sandbox.close());

const startWorker = () => bench.startWorker({ redditUrl: world.url });
const rowsOf = (table: string, where: object = {}) =>
  bench.db.database(table).where(where).orderBy('id').pluck<string[]>('id');

test('a sync whose worker is killed ends with the right counts and content, and counts nothing twice', async () => {
  const { reddit, sandbox } = world;
  await runLanes(
    {
      reddit,
      content: createRedditContentRepository(bench.db.database),
      scrapes: createRedditScrapeRepository(bench.db.database),
    },
    { subreddits: ['typescript', 'books'], sort: 'new', posts_limit: 60 },
    { executionId: await insertExecution(bench.db.database, { status: 'running' }), startedAt: new Date() },
  ).result;
  const [posts, comments] = [
    await rowsOf('reddit_posts', { is_deleted: false }),
    await rowsOf('reddit_comments', { is_deleted: false }),
  ];
  const goneBefore = [
    ...(await rowsOf('reddit_posts', { is_deleted: true })),
    ...(await rowsOf('reddit_comments', { is_deleted: true })),
  ];
  const all = posts.length + comments.length + goneBefore.length;
  const scattered = (ids: string[], place: number) => ids.filter((_, n) => n % 9 === place);
  const changes = (['delete', 'remove', 'lose'] as const).map((change, place) => ({
    change,
    names: [...scattered(posts, place).map((id) => `t3_${id}`), ...scattered(comments, place).map((id) => `t1_${id}`)],
  }));
  sandbox.changeContent(changes.flatMap(({ change, names }) => names.map((name) => ({ name, change }))));
  const [deleted, removed, lost] = changes.map(({ names }) => names.length) as [number, number, number];

  sandbox.requests.clear();
  sandbox.setFaults({ latencyMs: 300 });
  let worker = await startWorker();
  const handle = await bench.temporal.client.workflow.start<typeof workflows.runTask>('runTask', {
    workflowId: `sync-${randomUUID()}`,
    taskQueue: bench.taskQueue,
    args: [
      {
        configId: null,
        taskType: 'REDDIT_DELETION_SYNC',
        parameters: { max_age_days: 10_000 },
        maxRetries: 0,
        triggeredBy: 'by_type',
      },
    ],
  });
  const asked = () => sandbox.requests.entries.filter(({ path }) => path.includes('/api/info'));
  for (const requests of [5, 13]) {
    await waitFor(async () => asked().length >= requests);
    await worker.kill();
    worker = await startWorker();
  }
  sandbox.setFaults({ latencyMs: 0 });
  const result = await handle.result();

  expect(result).toMatchObject({
    checked: all,
    deleted: deleted + lost,
    removed,
    restored: 0,
    unreadable: 0,
    withheld: 0,
    unchanged: all - deleted - removed - lost,
    limit_reached: false,
  });
  expect(await bench.db.database('reddit_deletion_syncs').count()).toMatchObject([{ count: 1 }]);
  const gone = new Set([...goneBefore, ...changes.flatMap(({ names }) => names.map((name) => name.slice(3)))]);
  expect(
    [
      ...(await rowsOf('reddit_posts', { is_deleted: true })),
      ...(await rowsOf('reddit_comments', { is_deleted: true })),
    ].sort(),
  ).toEqual([...gone].sort());
  for (const [table, text] of [
    ['reddit_posts', 'content'],
    ['reddit_comments', 'body'],
  ] as const) {
    const scrubbed = await bench.db
      .database(table)
      .where({ is_deleted: true })
      .select<{ id: string; text: string; author: string }[]>('id', { text }, 'author');
    for (const row of scrubbed)
      expect([row.id, row.text, row.author]).toEqual([
        row.id,
        expect.stringMatching(/^\[(deleted|removed)\]$/),
        '[deleted]',
      ]);
  }
  const execution = await bench.rowOf(handle.workflowId);
  expect((await bench.attemptsOf(execution.id)).map(({ outcome }) => outcome as string)).toEqual([
    'lost',
    'lost',
    'succeeded',
  ]);
  // Only the requests that were in flight when a worker died were repeated.
  expect(asked().length).toBeLessThanOrEqual(Math.ceil(all / 100) + 2);
});
