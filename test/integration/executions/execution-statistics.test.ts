import { insertConfig, insertExecution, type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
let configId: number;

useTestApi('file', (stack) => ({ db, api } = stack));
beforeEach(async () => {
  await db.database('task_executions').delete();
  await db.database('task_configs').delete();
  configId = await insertConfig(db.database, { name: 'nightly' });
});

const insert = (columns: Record<string, unknown> = {}) =>
  insertExecution(db.database, { config_id: configId, ...columns });
const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000);
const get = async (path: string) => (await api.root('GET', `/tasks/executions${path}`)).body;

describe('figures', () => {
  beforeEach(async () => {
    await insert({ duration_seconds: 1 });
    await insert({ duration_seconds: 3 });
    await insert({ status: 'failed', duration_seconds: 100 });
    await insert({ status: 'running' });
    await insert({ started_at: ago(24 * 40) });
    await insertExecution(db.database, { task_type: 'HEALTH_CHECK', duration_seconds: 5 });
    await insertExecution(db.database, { task_type: null, status: 'cancelled', duration_seconds: 0 });
  });

  test('of all finished runs; the parts of the breakdown add up to the total', async () => {
    expect(await get('/stats')).toEqual({
      period_days: 30,
      total_executions: 5,
      success_count: 3,
      failed_count: 2,
      success_rate: 60,
      failure_rate: 40,
      avg_duration_seconds: 3,
      type_breakdown: { TEST_TIMEOUT: 3, HEALTH_CHECK: 1, unknown: 1 },
      timestamp: expect.stringMatching(/Z$/),
    });
    expect((await get('/stats?config_id=0')).total_executions).toBe(5);
    expect((await get('/stats?days=60')).total_executions).toBe(6);
  });

  test('of one config, in both spellings', async () => {
    const expected = {
      period_days: 7,
      config_id: configId,
      total_executions: 3,
      success_count: 2,
      failed_count: 1,
      avg_duration_seconds: 2,
    };
    for (const path of [`/${configId}/stats?days=7`, `/stats?config_id=${configId}&days=7`]) {
      const body = await get(path);
      expect(body).toMatchObject(expected);
      expect(body.type_breakdown).toBeUndefined();
      expect(body.success_rate).toBeCloseTo(66.667, 3);
    }
    expect(await get('/999999/stats')).toMatchObject({
      total_executions: 0,
      success_rate: 0,
      failure_rate: 0,
      avg_duration_seconds: 0,
    });
    expect((await api.root('GET', '/tasks/executions/stats?days=366')).status).toBe(422);
  });
});
