import { insertConfig, insertExecution } from '../../support/api-support';
import { faultsOf, NO_ID, useContract } from './contract-api';

const contract = useContract(['configs'], { hasSchedules: true });
const { root } = contract;
const MINIMAL = { name: 'a config', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' };
const create = (body: object = {}, query = '') => root('POST', `/tasks/configs${query}`, { ...MINIMAL, ...body });
const GONE = { status: 404, body: { detail: expect.any(String) } };
const HOURLY = { scheduler_type: 'interval', schedule_config: { interval_seconds: 3_600 } };

describe('15 GET /tasks/configs', () => {
  beforeAll(async () => {
    for (const [index, name] of ['alpha', 'Beta 100%', 'gamma_x', 'дельта', 'very\\long'].entries())
      await insertConfig(contract.database, {
        name,
        task_type: index === 0 ? 'HEALTH_CHECK' : 'TEST_TIMEOUT',
        created_at: new Date(2026, 0, index + 1),
      });
  });
  const names = async (query: string) =>
    (await root('GET', `/tasks/configs?${query}`)).body.items.map(({ name }: { name: string }) => name);

  test('returns a page of twenty, newest first', async () => {
    expect((await root('GET', '/tasks/configs')).body).toMatchObject({
      total: 5,
      page: 1,
      page_size: 20,
      pages: 1,
      items: [{ name: 'very\\long' }, { name: 'дельта' }, {}, {}, { name: 'alpha' }],
    });
    expect((await root('GET', '/tasks/configs?page=2&page_size=2')).body).toMatchObject({
      page: 2,
      pages: 3,
      items: [{ name: 'gamma_x' }, { name: 'Beta 100%' }],
    });
  });

  test('returns no items beyond the end, and no pages for an empty list', async () => {
    for (const page of [2, 1_000_001, NO_ID])
      expect((await root('GET', `/tasks/configs?page=${page}&page_size=100`)).body).toMatchObject({
        items: [],
        total: 5,
        pages: 1,
        page,
      });
    expect((await root('GET', '/tasks/configs?task_type=NONE')).body).toMatchObject({ items: [], total: 0, pages: 0 });
  });

  test('filters by exact type, and by a literal part of the name in any case', async () => {
    for (const [query, found] of [
      ['task_type=HEALTH_CHECK', ['alpha']],
      ['task_type=health_check', []],
      ['name_search=BETA', ['Beta 100%']],
      ['name_search=%25', ['Beta 100%']],
      ['name_search=_', ['gamma_x']],
      ['name_search=%5C', ['very\\long']],
      ['name_search=%D0%94%D0%95', ['дельта']],
      ['name_search=a&task_type=HEALTH_CHECK', ['alpha']],
      ["name_search=' OR 1=1 --", []],
    ] as const)
      expect([query, await names(query)]).toEqual([query, found]);
    expect((await names('name_search=')).length).toBe(5);
  });

  test('sorts by known fields, and by creation otherwise', async () => {
    const byName = await names('order_by=name&order_desc=no&task_type=TEST_TIMEOUT');
    expect([byName[0], (await names('order_by=name&task_type=TEST_TIMEOUT')).reverse()]).toEqual(['Beta 100%', byName]);
    for (const other of ['', 'unknown', 'id;drop', 'created_at'])
      expect([other, (await names(`order_by=${other}&order_desc=0`))[0]]).toEqual([other, 'alpha']);
    expect(await names('order_by=updated_at')).toHaveLength(5);
  });

  test('reports all faults', async () => {
    expect(
      faultsOf(
        await root('GET', `/tasks/configs?name_search=${'x'.repeat(101)}&page=0&page_size=101&order_desc=perhaps`),
      ),
    ).toEqual([
      ['string_too_long', 'query.name_search'],
      ['greater_than_equal', 'query.page'],
      ['less_than_equal', 'query.page_size'],
      ['bool_parsing', 'query.order_desc'],
    ]);
    expect((await root('GET', `/tasks/configs?name_search=${'x'.repeat(100)}`)).status).toBe(200);
  });
  contract.testInteger('/tasks/configs', 'page', 1, NO_ID);
  contract.testInteger('/tasks/configs', 'page_size', 1, 100);
  contract.testBoolean('/tasks/configs', 'order_desc');
});

describe('17 GET /tasks/configs/{id}', () => {
  test('returns statistics on request, and the five newest events', async () => {
    const id = await insertConfig(contract.database);
    await insertExecution(contract.database, { config_id: id });
    expect((await root('GET', `/tasks/configs/${id}`)).body).toMatchObject({ id, stats: null, recent_history: [] });
    expect((await root('GET', `/tasks/configs/${id}?include_stats=yes`)).body.stats).toMatchObject({
      total_runs: 1,
      last_status: 'success',
      success_rate: 100,
    });
    expect(faultsOf(await root('GET', `/tasks/configs/x?include_stats=perhaps`))).toEqual([
      ['int_parsing', 'path.id'],
      ['bool_parsing', 'query.include_stats'],
    ]);
    expect(await root('GET', `/tasks/configs/${NO_ID}`)).toMatchObject(GONE);
  });
});

describe('19 DELETE /tasks/configs/{id}', () => {
  test('deletes the config, and keeps its runs without one', async () => {
    const { id } = (await create(HOURLY, '?auto_schedule=1')).body;
    const run = await insertExecution(contract.database, { config_id: id });
    expect((await root('DELETE', `/tasks/configs/${id}`)).body).toMatchObject({ success: true });
    expect(await root('DELETE', `/tasks/configs/${id}`)).toMatchObject(GONE);
    expect((await root('GET', `/tasks/executions/${run}`)).body).toMatchObject({ config_id: null, config_name: null });
    expect(
      (await root('GET', '/tasks/schedules')).body.schedules.map((job: { config_id: number }) => job.config_id),
    ).not.toContain(id);
  });
});

describe('previews', () => {
  test('previews a schedule, and that of a config', async () => {
    const { id } = (await create(HOURLY)).body;
    expect(
      (await root('POST', '/tasks/configs/preview-schedule', { ...HOURLY, count: 2 })).body.next_runs,
    ).toHaveLength(2);
    expect((await root('GET', `/tasks/configs/${id}/next-runs`)).body.next_runs).toHaveLength(10);
    expect((await root('GET', `/tasks/configs/${NO_ID}/next-runs`)).status).toBe(404);
    expect(faultsOf(await root('GET', '/tasks/configs/x/next-runs?count=101'))).toEqual([
      ['int_parsing', 'path.id'],
      ['less_than_equal', 'query.count'],
    ]);
    expect(
      faultsOf(
        await root('POST', '/tasks/configs/preview-schedule', {
          scheduler_type: 'cron',
          schedule_config: { cron_expression: 'often' },
          count: 0,
        }),
      ).map(([, loc]) => loc),
    ).toEqual(['body.count', 'body.schedule_config.cron_expression']);
    expect(faultsOf(await root('POST', '/tasks/configs/preview-schedule', {}))).toEqual([
      ['missing', 'body.scheduler_type'],
    ]);
  });
});

test('estimates the cost of a config before it is saved', async () => {
  const estimate = (body: object) => root('POST', '/tasks/configs/estimate', body);
  expect((await estimate({ task_type: 'REDDIT_SCRAPE', parameters: { subreddits: ['funny'] } })).body).toMatchObject({
    supported: true,
    requests: { listing_pages: { min: 1, max: 1 } },
  });
  expect((await estimate({ task_type: 'HEALTH_CHECK' })).body).toMatchObject({
    supported: false,
    runs: 0,
    typical_duration_seconds: null,
  });
  expect(faultsOf(await estimate({ task_type: 'REDDIT_SCRAPE' }))).toEqual([['missing', 'body.parameters.subreddits']]);
  expect(faultsOf(await estimate({}))).toEqual([['missing', 'body.task_type']]);
  // As when a config is saved; only `execute/by-type`, where the type is part of the address, has a 400 of the
  // contract's.
  const unknown = { task_type: 'NO_SUCH_TYPE' };
  expect(faultsOf(await estimate(unknown))).toEqual([['enum', 'body.task_type']]);
  expect(faultsOf(await root('POST', '/tasks/configs', { name: 'x', scheduler_type: 'manual', ...unknown }))).toEqual([
    ['enum', 'body.task_type'],
  ]);
  expect((await root('POST', '/tasks/execute/by-type/NO_SUCH_TYPE')).status).toBe(400);
});

contract.testCoverage(/^(GET|DELETE) |preview-schedule$|estimate$/);
