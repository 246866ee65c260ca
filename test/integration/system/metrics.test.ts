import { randomUUID } from 'node:crypto';
import { waitFor } from '../../support/process';
import { createTestDatabase } from '../../support/test-database';
import {
  createTestApi,
  insertConfig,
  insertExecution,
  type TestApi,
  type TestStack,
  useTestApi,
} from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack), { taskQueue: `metrics-${randomUUID()}` });
const TOKEN = 'the token of Prometheus';

async function scrape(of = api) {
  const answer = await of.app.inject({ url: '/metrics' });
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return answer.body;
}
const valueOf = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1),
  );

test('counts requests by route, not by path', async () => {
  for (const id of [11, 12, 13]) await api.root('GET', `/tasks/configs/${id}`);
  await api.root('GET', '/nothing/here');
  const text = await scrape();
  expect(
    valueOf(text, 'http_request_duration_seconds_count{method="GET",route="/api/v1/tasks/configs/:id",status="404"}'),
  ).toBe(3);
  expect(valueOf(text, 'http_request_duration_seconds_count{method="GET",route="unknown",status="404"}')).toBe(1);
  expect(text).not.toContain('/tasks/configs/11');
});

test('shows the Reddit budget and the number of requests that wait for it', async () => {
  const process = randomUUID();
  const queue = { flow: '1', weight: 5, isExclusive: false, waiting: 3, ageMs: 0 };
  await api.budget.poll({ process, free: 1, queues: [queue], outcomes: [], unused: [] });
  await waitFor(async () => valueOf(await scrape(), 'taskloom_reddit_budget_waiting') === 2);
  const text = await scrape();
  expect([valueOf(text, 'taskloom_reddit_budget_limit'), valueOf(text, 'taskloom_reddit_budget_remaining')]).toEqual([
    100, 99,
  ]);
});

test('counts each execution once, by task type and outcome', async () => {
  const own = await createTestApi({ database: db.database, temporal });
  const settled = new Date(Date.now() - 10_000);
  for (const columns of [
    { duration_seconds: 1.5 },
    { duration_seconds: 2 },
    { status: 'failed' },
    { task_type: 'HEALTH_CHECK', status: 'timed_out' },
  ])
    await insertExecution(db.database, { completed_at: settled, ...columns });
  await insertExecution(db.database, { completed_at: new Date(Date.now() - 3_600_000) });
  await insertExecution(db.database, { status: 'running' });
  await waitFor(async () => Date.now() - settled.getTime() > 10_000);
  for (const text of [await scrape(own), await scrape(own)]) {
    expect(valueOf(text, 'taskloom_executions_total{task_type="TEST_TIMEOUT",outcome="succeeded"}')).toBe(2);
    expect(valueOf(text, 'taskloom_execution_seconds_total{task_type="TEST_TIMEOUT",outcome="succeeded"}')).toBe(3.5);
    expect(valueOf(text, 'taskloom_executions_total{task_type="TEST_TIMEOUT",outcome="failed"}')).toBe(1);
    expect(valueOf(text, 'taskloom_executions_total{task_type="HEALTH_CHECK",outcome="timed_out"}')).toBe(1);
    expect(valueOf(text, 'taskloom_executions_running{task_type="TEST_TIMEOUT"}')).toBe(1);
  }
  await own.close();
});

test('counts the lateness of each due run once, and none of backfills and resets', async () => {
  const own = await createTestApi({ database: db.database, temporal });
  const began = new Date(Date.now() - 10_000);
  for (const lateMs of [20, 300, 400, 7_200_000, -5])
    await insertExecution(db.database, {
      triggered_by: 'schedule',
      started_at: began,
      scheduled_at: new Date(began.getTime() - lateMs),
    });
  await insertExecution(db.database, { started_at: began });
  const lastYear = new Date(began.getTime() - 400 * 86_400_000);
  for (const triggered_by of ['backfill', 'reset'])
    await insertExecution(db.database, { triggered_by, started_at: began, scheduled_at: lastYear });
  await waitFor(async () => Date.now() - began.getTime() > 10_000);
  for (const text of [await scrape(own), await scrape(own)]) {
    const below = (bound: string) => valueOf(text, `taskloom_schedule_lateness_seconds_bucket{le="${bound}"}`);
    expect(['0.05', '0.25', '0.5', '3600', '+Inf'].map(below)).toEqual([2, 2, 4, 4, 5]);
    expect(valueOf(text, 'taskloom_schedule_lateness_seconds_sum')).toBeCloseTo(7_200.72, 3);
    expect(valueOf(text, 'taskloom_schedule_lateness_seconds_count')).toBe(5);
  }
  await own.close();
});

test('shows a run that no worker takes as waiting', async () => {
  const id = await insertConfig(db.database);
  expect((await api.root('POST', `/tasks/execute/${id}`)).status).toBe(200);
  await waitFor(async () => valueOf(await scrape(), 'taskloom_queue_tasks{kind="workflow"}') === 1);
  await waitFor(async () => valueOf(await scrape(), 'taskloom_queue_delay_seconds{kind="workflow"}') > 0);
  expect(valueOf(await scrape(), 'taskloom_queue_tasks{kind="activity"}')).toBe(0);
});

test('shows the connection pool, the process, and the servers as up', async () => {
  const text = await scrape();
  expect(valueOf(text, 'taskloom_database_connections{state="max"}')).toBe(5);
  expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
  for (const server of ['postgresql', 'temporal'])
    expect(valueOf(text, `taskloom_server_up{server="${server}"}`)).toBe(1);
});

test('answers without the database, and shows it as down', async () => {
  const gone = await createTestDatabase();
  const cut = await createTestApi({ database: gone.database, temporal });
  await gone.drop();
  const text = await scrape(cut);
  await cut.close();
  expect([
    valueOf(text, 'taskloom_server_up{server="postgresql"}'),
    valueOf(text, 'taskloom_server_up{server="temporal"}'),
  ]).toEqual([0, 1]);
});

describe('access to the metrics', () => {
  const status = async (of: TestApi, request: { remoteAddress?: string; headers?: Record<string, string> }) =>
    (await of.app.inject({ url: '/metrics', ...request })).statusCode;

  test('without METRICS_TOKEN is for this machine only, and not for clients of a proxy on it', async () => {
    for (const remoteAddress of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      expect([remoteAddress, await status(api, { remoteAddress })]).toEqual([remoteAddress, 200]);
    for (const remoteAddress of ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::127.0.0.1'])
      expect([remoteAddress, await status(api, { remoteAddress })]).toEqual([remoteAddress, 403]);
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip'])
      expect(await status(api, { headers: { [header]: '10.0.0.1' } })).toBe(403);
  });

  test('with METRICS_TOKEN is for every client that sends it, from any address', async () => {
    const guarded = await createTestApi({ database: db.database, temporal, app: { metricsToken: TOKEN } });
    const remoteAddress = '10.0.0.1';
    expect(await status(guarded, { remoteAddress, headers: { authorization: `Bearer ${TOKEN}` } })).toBe(200);
    for (const headers of [{}, { authorization: 'Bearer guessed' }, { authorization: TOKEN }] as Record<
      string,
      string
    >[])
      expect(await status(guarded, { headers })).toBe(401);
    await guarded.close();
  });
});
