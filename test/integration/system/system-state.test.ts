import { createLastReconcile } from '../../../src/platform/last-reconcile';
import { createKeyValueStore } from '../../../src/platform/key-value-store/create-key-value-store';
import { connectTemporal } from '../../../src/platform/temporal';
import { createTestDatabase } from '../../support/test-database';
import { createTestNamespace } from '../../support/temporal-namespace';
import { testServices } from '../../support/test-services';
import {
  createTestApi,
  insertConfig,
  insertExecution,
  PASSWORD,
  storeUrlOf,
  type TestStack,
  useTestApi,
} from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack), { connect: createTestNamespace });

describe('the system routes', () => {
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

  test('answer the status of each server, and counts', async () => {
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
      time_zones: {
        version: expect.stringMatching(/^20\d\d[a-z]$/),
        temporal_version: null,
        differing_zones: [],
        warning: null,
      },
    });
  });

  test('name the release of the time zone data of a Temporal that was given ours, when its answers agree', async () => {
    await insertConfig(db.database, {
      schedule_status: 'paused',
      scheduler_type: 'cron',
      schedule_config: { cron_expression: '0 12 * * *', timezone: 'America/Vancouver' },
    });
    const own = await createTestApi({ database: db.database, temporal, hasOurZones: true });
    const { time_zones } = (await own.root('GET', '/tasks/system/status')).body;
    expect(time_zones).toMatchObject({ temporal_version: time_zones.version, differing_zones: [] });
    await own.close();
    await db.database('task_configs').where({ scheduler_type: 'cron' }).delete();
  });

  test('show no notice for the real Reddit', async () => {
    const real = await createTestApi({ database: db.database, temporal, isSandbox: false });
    expect((await real.root('GET', '/tasks/system/status')).body.reddit).toEqual({ source: 'reddit' });
    await real.close();
  });

  test('answer the health of each component', async () => {
    expect((await api.root('GET', '/tasks/system/health')).body).toEqual({
      status: 'healthy',
      timestamp: expect.stringMatching(/Z$/),
      error: null,
      components: {
        database: { status: 'healthy', message: '2 task configs' },
        redis: { status: 'healthy', message: expect.any(String) },
        scheduler: { status: 'healthy', message: '0 armed schedules' },
      },
      reconcile: { last_pass_at: null, age_seconds: null },
    });
  });

  test('tell the age of the last reconcile pass', async () => {
    const store = createKeyValueStore(await storeUrlOf(db.database));
    const lastReconcile = createLastReconcile(store);
    await lastReconcile.record(new Date(Date.now() - 90_000));
    const { reconcile } = (await api.root('GET', '/tasks/system/health')).body;
    expect(reconcile).toEqual({
      last_pass_at: (await lastReconcile.read())?.toISOString(),
      age_seconds: expect.any(Number),
    });
    expect(reconcile.age_seconds).toBeGreaterThanOrEqual(90);
    await store.delete('reconcile:last-pass');
    await store.close();
  });

  test('answer the task types with everything that a form needs', async () => {
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
    // A config without a required parameter is refused.
    expect(body.task_types.find(({ name }: { name: string }) => name === 'REDDIT_SCRAPE').parameters.required).toEqual([
      'subreddits',
    ]);
    expect((await api.user('GET', '/tasks/types')).status).toBe(403);
  });

  test('answer the enums as plain lists', async () => {
    const { body } = await api.root('GET', '/tasks/system/enums');
    expect(body).toMatchObject({
      scheduler_types: ['cron', 'date', 'manual', 'interval'],
      schedule_actions: ['start', 'stop', 'pause', 'resume', 'reload'],
      schedule_statuses: ['active', 'inactive', 'paused', 'error'],
    });
    expect(body.task_types).toEqual(expect.arrayContaining(['REDDIT_SCRAPE', 'HEALTH_CHECK', 'TEST_FAILURE']));
  });

  test('answer a dashboard of the last 7 and 30 days', async () => {
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

  test('show which servers are unreachable, as does the readiness probe', async () => {
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
    // The caller stays authenticated, so that the routes themselves meet the outage.
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
      reconcile: { last_pass_at: null },
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

  test('answer health without the database, and everything else with 503', async () => {
    const own = await createTestDatabase();
    const cut = await createTestApi({
      database: own.database,
      temporal,
      storeUrl: testServices().storeUrl,
    });
    // The caller stays authenticated, so that the routes themselves meet the outage.
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
