import { createTestApi, insertConfig, insertExecution, type TestStack, useTestApi } from '../../support/api-support';
import { createTestNamespace } from '../../support/temporal-namespace';

/** The number of queries must not depend on the length of a list; a query for each row would pass all other tests. */
const LISTS = [
  '/tasks/configs?page_size=100',
  '/tasks/configs?task_type=TEST_TIMEOUT&name_search=a&page_size=100',
  '/tasks/schedules',
  '/tasks/schedules/summary',
  '/tasks/schedules/{id}/history',
  '/tasks/executions/recent?status=all',
  '/tasks/executions/failed?status=all',
  '/tasks/executions/by-config/{id}?status=all',
  '/tasks/executions/configs/{id}?status=all',
  '/tasks/executions/stats',
  '/tasks/executions/{id}/stats',
  '/tasks/system/dashboard',
  '/tasks/system/status',
  '/tasks/system/health',
  '/tasks/configs/{id}?include_stats=true',
  '/users',
  '/auth/sessions',
  '/reddit/posts',
  '/reddit/comments',
  '/reddit/posts/p0/comments',
  '/reddit/posts/p0/tree',
  '/reddit/search?q=t',
  '/audit-log',
];
const MANY = 50;

let { db, temporal, api } = {} as TestStack;
let firstId: number;
let calls: string[] = [];

useTestApi('file', (stack) => ({ db, temporal, api } = stack), { connect: createTestNamespace });
beforeAll(async () => {
  db.database.on('query', ({ sql }: { sql: string }) => void calls.push(sql));
  const { workflowService } = temporal.client;
  for (const name of [
    'listSchedules',
    'describeSchedule',
    'describeWorkflowExecution',
    'listWorkflowExecutions',
  ] as const) {
    const ask = workflowService[name].bind(workflowService) as (...args: unknown[]) => unknown;
    Object.assign(workflowService, { [name]: (...args: unknown[]) => (calls.push(`Temporal: ${name}`), ask(...args)) });
  }
  await addRow(0);
});

async function addRow(n: number): Promise<void> {
  const { body } = await api.root('POST', '/tasks/configs?auto_schedule=true', {
    name: `a${n}`,
    task_type: 'TEST_TIMEOUT',
    scheduler_type: 'cron',
    schedule_config: { cron_expression: '0 0 1 1 *' },
  });
  firstId ??= body.id;
  await insertExecution(db.database, { config_id: firstId, status: n % 2 ? 'succeeded' : 'failed' });
  await insertConfig(db.database);
  await db.database('users').insert({ email: `u${n}@example.com`, username: `u${n}`, hashed_password: '-' });
  await db.database('reddit_posts').insert({ id: `p${n}`, title: 't', subreddit: 's', reddit_created_at: new Date() });
  await db
    .database('reddit_comments')
    .insert({ id: `c${n}`, post_id: 'p0', body: 'b', subreddit: 's', reddit_created_at: new Date() });
  await db.database('schedule_events').insert({ config_id: firstId, event: 'task_paused' });
}

async function measure(): Promise<Record<string, { rows: number; calls: string[] }>> {
  const measured: Record<string, { rows: number; calls: string[] }> = {};
  // A change is still settling, and what is asked about it is asked of Temporal itself.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  for (const path of LISTS) {
    // One that has not heard of Temporal yet: its answers are shared for a second.
    const asked = /configs|schedules|system/.test(path)
      ? await createTestApi({ database: db.database, temporal })
      : api;
    calls = [];
    const { status, body, text } = await asked.root('GET', path.replace('{id}', String(firstId)));
    if (asked !== api) await asked.close();
    expect([path, status, body?.detail]).toEqual([path, 200, undefined]);
    measured[path] = { rows: text.length, calls: calls.map((call) => call.replace(/\s+/g, ' ').slice(0, 80)).sort() };
  }
  return measured;
}

test('a list of fifty costs as many queries of PostgreSQL and Temporal as a list of one', async () => {
  const one = await measure();
  await Promise.all(Array.from({ length: MANY - 1 }, (_, n) => addRow(n + 1)));
  const many = await measure();
  for (const path of LISTS) expect([path, many[path]?.calls]).toEqual([path, one[path]?.calls]);
  // The lists have grown, or nothing was tested.
  for (const path of [
    '/tasks/configs?page_size=100',
    '/tasks/schedules',
    '/tasks/executions/recent?status=all',
    '/users',
    '/reddit/posts',
    '/audit-log',
  ])
    expect(many[path]?.rows).toBeGreaterThan(10 * (one[path]?.rows ?? Infinity));
  expect(one['/tasks/configs?page_size=100']?.calls.filter((call) => call.startsWith('Temporal'))).toHaveLength(1);
}, 180_000);
