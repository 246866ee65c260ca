import { randomUUID } from 'node:crypto';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createRedditScrapeRepository } from '../../../src/storage/reddit/reddit-scrape-repository';
import { insertExecution, type TestStack, useTestApi } from '../../support/api-support';
import { waitFor } from '../../support/process';
import { startWorld, type ScrapedWorld } from '../../support/scrape-stack';
import { startTestWorker, type TestWorker } from '../../support/task-worker';

const NOW = new Date('2026-05-01T12:00:00Z');
const taskQueue = `estimate-${randomUUID()}`;
let { db, api } = {} as TestStack;
let world: ScrapedWorld;
let worker: TestWorker;

afterAll(async () => {
  await worker?.stop();
  await world?.sandbox.close();
});
useTestApi('file', (stack) => ({ db, api } = stack), { taskQueue });

/** Two subreddits are scraped first, so that estimates have stored content. */
beforeAll(async () => {
  world = await startWorld({ seed: 'progress', now: () => NOW, scale: { posts: 30, commentsPerPost: 12 } });
  const services = {
    reddit: world.reddit,
    content: createRedditContentRepository(db.database),
    scrapes: createRedditScrapeRepository(db.database),
  };
  worker = await startTestWorker({ database: db.database, services, taskQueue });
  const parameters = { subreddits: ['programming', 'books'], posts_limit: 30, comments_limit: 100, expand_more: 5 };
  const { body } = await api.root('POST', '/tasks/execute/by-type/REDDIT_SCRAPE', { task_params: parameters });
  await waitFor(async () => (await api.root('GET', `/tasks/executions/${body.task_id}`)).body?.status === 'succeeded');
});

describe('the estimate of a config', () => {
  const estimate = (body: object) => api.root('POST', '/tasks/configs/estimate', body);

  test('of a scrape uses the stored content of its subreddits', async () => {
    const { status, body } = await estimate({
      name: 'not needed',
      scheduler_type: 'manual',
      task_type: 'REDDIT_SCRAPE',
      parameters: { subreddits: ['Programming', 'neverseen'], posts_limit: 30 },
    });
    expect(status).toBe(200);
    // Every thread of the first subreddit is known; nothing of the second is.
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

  test('of a deletion sync counts the rows that it would check', async () => {
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

  test('answers an unknown type as the creation of such a config does', async () => {
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

  test('of other types is the duration of their runs', async () => {
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

  test('names invalid parameters, and stores nothing', async () => {
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
