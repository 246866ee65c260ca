import { waitFor } from '../../support/process';
import { createTestDatabase } from '../../support/test-database';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestApi, insertConfig, insertExecution } from '../../support/api-support';
import { faultsOf, useContract } from './contract-api';

const contract = useContract(['system', 'health', 'audit'], { hasSchedules: true });
const { root } = contract;

beforeAll(async () => {
  const config_id = await insertConfig(contract.database, { schedule_status: 'paused' });
  for (const days of [1, 10, 40])
    await insertExecution(contract.database, { config_id, started_at: new Date(Date.now() - days * 86_400_000) });
});

test('36 GET /tasks/system/status answers the literals of a healthy service', async () => {
  expect((await root('GET', '/tasks/system/status')).body).toMatchObject({
    scheduler_status: '运行中',
    database_status: '正常',
    redis_status: '正常',
    config_stats: { total_configs: 1, by_type: { TEST_TIMEOUT: 1 } },
    schedule_summary: { total_tasks: 1, paused_tasks: 1 },
    execution_stats: { period_days: 7, total_executions: 1, type_breakdown: { TEST_TIMEOUT: 1 } },
  });
});

describe('37 GET /tasks/system/health', () => {
  test('is healthy when each component answers', async () => {
    expect((await root('GET', '/tasks/system/health')).body).toMatchObject({
      status: 'healthy',
      error: null,
      components: {
        database: { status: 'healthy' },
        redis: { status: 'healthy' },
        scheduler: { status: 'healthy', message: expect.stringContaining('0') },
      },
    });
  });

  test('is degraded when one component is down, unhealthy when all are, and answers 200 in both cases', async () => {
    const [db, temporal] = await Promise.all([createTestDatabase(), connectTestTemporal()]);
    const cut = await createTestApi({ database: db.database, temporal, storeUrl: 'redis://127.0.0.1:9' });
    // Who asks is known; what is asked for is not to be had.
    const user = await cut.services.users.get(cut.userIds[0] ?? 0);
    cut.services.users.get = async () => user;
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
    const health = async () => {
      const { status, body } = await cut.root('GET', '/tasks/system/health');
      return [
        status,
        body.status,
        body.error,
        ...['database', 'redis', 'scheduler'].map((name) => body.components[name].status),
      ];
    };
    expect(await health()).toEqual([200, 'degraded', null, 'healthy', 'unhealthy', 'healthy']);
    await temporal.close();
    // What Temporal said a second ago still counts.
    await waitFor(async () => (await health()).at(-1) === 'unhealthy');
    expect(await health()).toEqual([200, 'degraded', null, 'healthy', 'unhealthy', 'unhealthy']);
    await db.drop();
    expect(await health()).toEqual([200, 'unhealthy', expect.any(String), 'unhealthy', 'unhealthy', 'unhealthy']);
    expect(await cut.root('GET', '/tasks/system/status')).toMatchObject({
      status: 503,
      body: { detail: expect.any(String) },
    });
    await cut.close();
  });
});

test('38 GET /tasks/system/enums answers plain lists', async () => {
  const { body } = await root('GET', '/tasks/system/enums');
  expect(body).toMatchObject({
    scheduler_types: ['cron', 'date', 'manual', 'interval'],
    schedule_actions: ['start', 'stop', 'pause', 'resume', 'reload'],
    schedule_statuses: ['active', 'inactive', 'paused', 'error'],
  });
  for (const name of body.task_types) expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/);
});

test('GET /tasks/types describes the parameters of each type that the enums name', async () => {
  const { body } = await root('GET', '/tasks/types');
  expect(body.task_types.map(({ name }: { name: string }) => name)).toEqual(
    (await root('GET', '/tasks/system/enums')).body.task_types,
  );
});

test('39 GET /tasks/system/dashboard looks back 7 and 30 days', async () => {
  expect((await root('GET', '/tasks/system/dashboard')).body.dashboard).toMatchObject({
    execution_stats: {
      last_7_days: { period_days: 7, total_executions: 1 },
      last_30_days: { period_days: 30, total_executions: 2 },
    },
    schedule_summary: { total_tasks: 1 },
  });
});

test('the health probes need no authentication', async () => {
  expect((await contract.api.app.inject('/health/live')).json()).toEqual({ status: 'ok' });
  expect((await contract.api.app.inject('/health/ready')).json()).toMatchObject({ status: 'ok' });
});

describe('GET /audit-log', () => {
  test('answers an array, newest first', async () => {
    await root('POST', '/tasks/schedules/batch/stop', { config_ids: [1] });
    const { body } = await root('GET', '/audit-log?action=schedule.*');
    expect(body).toMatchObject([{ action: 'schedule.stop', actor_name: 'root' }]);
    expect((await root('GET', '/audit-log?limit=1&actor=root')).body).toHaveLength(1);
  });

  test('names all faults of a request', async () => {
    expect(
      faultsOf(
        await root('GET', `/audit-log?limit=x&actor=&action=${'x'.repeat(61)}&outcome=maybe&since=x&until=2026-13-01`),
      ).map(([, loc]) => loc),
    ).toEqual(['query.limit', 'query.actor', 'query.action', 'query.outcome', 'query.since', 'query.until']);
  });
  contract.testInteger('/audit-log', 'limit', 1, 500);
});

contract.testCoverage();
