import { connectTemporal } from '../../../src/platform/temporal';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import { startProcess } from '../../support/process';
import { testServices } from '../../support/test-services';
import {
  createTestApi,
  insertConfig,
  insertExecution,
  PASSWORD,
  SECRET,
  type TestApi,
} from '../../support/api-support';
import type { TemporalConnection } from '../../../src/platform/temporal';

let db: TestDatabase;
let temporal: TemporalConnection;
let api: TestApi;

beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  api = await createTestApi({ database: db.database, temporal });
});
afterAll(async () => {
  await api?.close();
  await temporal?.close();
  await db?.drop();
});

describe('system', () => {
  beforeAll(async () => {
    const config = await insertConfig(db.database, { schedule_status: 'active' });
    await insertConfig(db.database, { task_type: 'HEALTH_CHECK' });
    await insertExecution(db.database, { config_id: config });
    await insertExecution(db.database, {
      config_id: config,
      status: 'failed',
      started_at: new Date(Date.now() - 20 * 86_400_000),
    });
  });

  test('status tells what it found, and counts', async () => {
    const { status, body } = await api.root('GET', '/tasks/system/status');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      system_time: expect.stringMatching(/Z$/),
      scheduler_status: '运行中',
      database_status: '正常',
      redis_status: '正常',
      config_stats: { total_configs: 2, by_type: { TEST_TIMEOUT: 1, HEALTH_CHECK: 1 } },
      schedule_summary: { total_tasks: 2, active_tasks: 1, inactive_tasks: 1 },
      execution_stats: { period_days: 7, total_executions: 1, success_count: 1 },
      reddit: { source: 'sandbox', notice: expect.any(String) },
    });
  });

  test('real Reddit needs no notice', async () => {
    const real = await createTestApi({ database: db.database, temporal, isSandbox: false });
    expect((await real.root('GET', '/tasks/system/status')).body.reddit).toEqual({ source: 'reddit' });
    await real.close();
  });

  test('health asks each component', async () => {
    expect((await api.root('GET', '/tasks/system/health')).body).toEqual({
      status: 'healthy',
      timestamp: expect.stringMatching(/Z$/),
      error: null,
      components: {
        database: { status: 'healthy', message: '2 task configs' },
        redis: { status: 'healthy', message: expect.any(String) },
        scheduler: { status: 'healthy', message: '0 armed schedules' },
      },
    });
  });

  test('types tell what a form needs', async () => {
    const { body } = await api.root('GET', '/tasks/types');
    const [names, { body: enums }] = [
      body.task_types.map(({ name }: { name: string }) => name),
      await api.root('GET', '/tasks/system/enums'),
    ];
    expect([names, body.total]).toEqual([enums.task_types, names.length]);
    expect(body.task_types.find(({ name }: { name: string }) => name === 'CLEANUP_EXECUTIONS')).toEqual({
      name: 'CLEANUP_EXECUTIONS',
      summary: expect.any(String),
      parameters: expect.objectContaining({
        type: 'object',
        properties: {
          days_old: { type: 'integer', minimum: 30, maximum: 365, default: 90, description: expect.any(String) },
          dry_run: { type: 'boolean', default: false, description: expect.any(String) },
        },
      }),
      defaults: { days_old: 90, dry_run: false },
      is_short: false,
      ad_hoc_access: 'admin',
      limits: {
        max_retries: { minimum: 0, maximum: 10, default: 0 },
        timeout_seconds: { minimum: 1, maximum: 2_147_483_647, default: null },
        priority: { minimum: 1, maximum: 10, default: 5 },
      },
    });
    // What the schema calls required is what a create without it is refused for.
    expect(body.task_types.find(({ name }: { name: string }) => name === 'REDDIT_SCRAPE').parameters.required).toEqual([
      'subreddits',
    ]);
    expect((await api.user('GET', '/tasks/types')).status).toBe(403);
  });

  test('enums are plain lists', async () => {
    const { body } = await api.root('GET', '/tasks/system/enums');
    expect(body).toMatchObject({
      scheduler_types: ['cron', 'date', 'manual', 'interval'],
      schedule_actions: ['start', 'stop', 'pause', 'resume', 'reload'],
      schedule_statuses: ['active', 'inactive', 'paused', 'error'],
    });
    expect(body.task_types).toEqual(expect.arrayContaining(['REDDIT_SCRAPE', 'HEALTH_CHECK', 'TEST_FAILURE']));
  });

  test('the dashboard looks back 7 and 30 days', async () => {
    const { dashboard } = (await api.root('GET', '/tasks/system/dashboard')).body;
    expect(dashboard).toMatchObject({
      config_stats: { total_configs: 2 },
      schedule_summary: { total_tasks: 2 },
      execution_stats: {
        last_7_days: { period_days: 7, total_executions: 1 },
        last_30_days: { period_days: 30, total_executions: 2 },
      },
      generated_at: expect.stringMatching(/Z$/),
    });
  });

  test('what is away is told, also by the readiness probe', async () => {
    const away = await connectTemporal({
      address: testServices().temporalAddress,
      namespace: temporal.namespace,
      connection: { address: testServices().temporalAddress },
    });
    const cut = await createTestApi({ database: db.database, temporal: away, storeUrl: 'redis://127.0.0.1:9' });
    await away.close();
    expect(await cut.root('GET', '/tasks/system/health')).toMatchObject({
      status: 503,
      body: { detail: expect.any(String) },
    });
    // Who asks is known; what is asked for is not to be had.
    cut.services.sessions.find = async () => ({
      userId: cut.userIds[0] ?? 0,
      version: 1,
      createdAt: 0,
      expiresAt: 0,
      refreshedAtMs: null,
      refreshHash: '',
      userAgent: null,
      address: '',
    });
    expect((await cut.root('GET', '/tasks/system/health')).body).toMatchObject({
      status: 'degraded',
      components: {
        database: { status: 'healthy' },
        redis: { status: 'unhealthy' },
        scheduler: { status: 'unhealthy' },
      },
    });
    const { body } = await cut.root('GET', '/tasks/system/status');
    expect([body.database_status, body.redis_status === '正常', body.scheduler_status === '运行中']).toEqual([
      '正常',
      false,
      false,
    ]);
    expect((await cut.app.inject({ url: '/health/ready' })).statusCode).toBe(503);
    expect(await cut.anonymous('POST', '/auth/login', { username: 'root', password: PASSWORD })).toMatchObject({
      status: 503,
      body: { detail: expect.any(String) },
    });
    await cut.close();
  });

  test('without the database health still answers, and all else is a 503', async () => {
    const own = await createTestDatabase();
    const cut = await createTestApi({
      database: own.database,
      temporal,
      storeUrl: testServices().storeUrl,
    });
    // Who asks is known; what is asked for is not to be had.
    const user = await cut.services.users.get(cut.userIds[0] ?? 0);
    cut.services.users.get = async () => user;
    await own.drop();
    expect((await cut.root('GET', '/tasks/system/health')).body).toMatchObject({
      status: 'degraded',
      components: { database: { status: 'unhealthy' } },
    });
    expect(await cut.root('GET', '/tasks/system/status')).toMatchObject({
      status: 503,
      body: { detail: expect.any(String) },
    });
    await cut.close();
  });
});

describe('Reddit content', () => {
  const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
  beforeAll(async () => {
    await db.database('reddit_posts').insert(
      [0, 1, 2, 3].map((n) => ({
        id: `p${n}`,
        title: n === 2 ? 'A walrus sings' : `Post ${n}`,
        subreddit: n === 3 ? 'Pics' : 'funny',
        score: n * 10,
        upvote_ratio: 0.987,
        is_nsfw: n === 1,
        is_sandbox: true,
        reddit_created_at: at(n),
      })),
    );
    await db.database('reddit_comments').insert(
      [5, 9, 7].map((score, n) => ({
        id: `c${n}`,
        post_id: 'p0',
        body: `comment ${n}`,
        subreddit: 'funny',
        parent_id: 't3_p0',
        score,
        depth: 0,
        is_deleted: n === 2,
        reddit_created_at: at(n),
      })),
    );
  });
  const ids = (body: { id: string }[]) => body.map((item) => item.id);

  test('a post has every field of the contract, and says that it is made up', async () => {
    expect((await api.user('GET', '/reddit/posts/p1')).body).toEqual({
      id: 'p1',
      title: 'Post 1',
      author: null,
      subreddit: 'funny',
      subreddit_subscribers: null,
      content: null,
      url: null,
      domain: null,
      score: 10,
      upvote_ratio: 0.987,
      num_comments: 0,
      flair_text: null,
      is_self: false,
      is_nsfw: true,
      is_spoiler: false,
      reddit_created_at: '2026-01-01T00:01:00.000Z',
      scraped_at: expect.stringMatching(/Z$/),
      is_deleted: false,
      is_sandbox: true,
      edited_at: null,
    });
    expect(await api.user('GET', '/reddit/posts/none')).toMatchObject({
      status: 404,
      body: { detail: 'Post not found' },
    });
  });

  test.each([
    ['', ['p3', 'p2', 'p1', 'p0']],
    ['subreddit=FUNNY&min_score=10', ['p2', 'p1']],
    ['since=2026-01-01T00:02&until=2026-01-01T01:03:00%2B01:00', ['p2']],
    ['nsfw=yes', ['p1']],
    ['q=walruses', ['p2']],
  ])('posts filter by %s', async (query, expected) => {
    expect(ids((await api.user('GET', `/reddit/posts?${query}`)).body)).toEqual(expected);
  });

  test('lists are arrays; the next page is named in the headers', async () => {
    const first = await api.user('GET', '/reddit/posts?limit=3&subreddit=funny');
    expect([ids(first.body), first.headers['x-next-cursor']]).toEqual([['p2', 'p1', 'p0'], undefined]);
    const page = await api.user('GET', '/reddit/posts?limit=2&subreddit=funny');
    const link = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1] ?? '';
    expect(new URL(link, 'http://localhost').searchParams.get('cursor')).toBe(page.headers['x-next-cursor']);
    expect(ids((await api.user('GET', link)).body)).toEqual(['p0']);
  });

  test('comments of a post come best first, and all of them newest first', async () => {
    const { body } = await api.user('GET', '/reddit/posts/p0/comments');
    expect(ids(body)).toEqual(['c1', 'c2', 'c0']);
    expect(body[1]).toEqual({
      id: 'c2',
      post_id: 'p0',
      author: null,
      body: 'comment 2',
      subreddit: 'funny',
      parent_id: 't3_p0',
      depth: 0,
      is_submitter: false,
      score: 7,
      controversiality: 0,
      reddit_created_at: '2026-01-01T00:02:00.000Z',
      scraped_at: expect.any(String),
      is_deleted: true,
      is_sandbox: false,
      edited_at: null,
    });
    expect((await api.user('GET', '/reddit/posts/p1/comments')).body).toEqual([]);
    expect((await api.user('GET', '/reddit/posts/none/comments')).status).toBe(404);
    expect(ids((await api.user('GET', '/reddit/comments?limit=1000')).body)).toEqual(['c2', 'c1', 'c0']);
  });

  test.each([
    '/reddit/posts?limit=501',
    '/reddit/comments?limit=1001',
    '/reddit/posts/p0/comments?limit=0',
    '/reddit/posts?since=yesterday',
    '/reddit/posts?nsfw=2',
    '/reddit/posts?cursor=x',
    '/reddit/posts?min_score=1.5',
  ])('%s is refused', async (path) => {
    const { status, body } = await api.user('GET', path);
    expect([status, body.detail.length]).toEqual([422, 1]);
  });
});

test('the process serves a socket, ends what it has begun, and leaves when told', async () => {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const started = await startProcess('api/server.js', {
    DATABASE_URL: db.url,
    REDIS_URL: testServices().storeUrl,
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    JWT_SECRET_KEY: SECRET,
    PORT: String(port),
    REDDIT_IS_SANDBOX: 'true',
  });
  const url = `http://127.0.0.1:${port}`;
  expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'ok' });
  const login = fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'root', password: PASSWORD }),
  });
  const { access_token } = (await (await login).json()) as { access_token: string };
  const raced = fetch(`${url}/api/v1/tasks/system/status`, { headers: { authorization: `Bearer ${access_token}` } });
  const answer = await raced;
  await started.stop();
  expect(answer.status).toBe(200);
  expect([started.child.exitCode, started.child.signalCode]).toEqual([0, null]);
  expect(started.logText()).not.toContain(access_token);
  expect(started.logText()).not.toContain(PASSWORD);
});
