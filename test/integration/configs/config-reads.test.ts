import { waitFor } from '../../support/process';
import { insertConfig, insertExecution } from '../../support/api-support';
import { faultsOf, useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
const { createConfig, scheduleOf } = stack;

describe('the list of configs', () => {
  beforeEach(async () => {
    for (const name of ['Beta_1', 'alpha', 'betaX1'])
      await insertConfig(stack.database, { name, task_type: name === 'alpha' ? 'HEALTH_CHECK' : 'TEST_TIMEOUT' });
  });
  const names = async (query: string) =>
    (await stack.api.root('GET', `/tasks/configs?${query}`)).body.items.map((item: { name: string }) => item.name);

  test('has pages, and is empty beyond the last one', async () => {
    expect((await stack.api.root('GET', '/tasks/configs?page_size=2')).body).toMatchObject({
      total: 3,
      page: 1,
      page_size: 2,
      pages: 2,
      items: [{}, {}],
    });
    expect((await stack.api.root('GET', '/tasks/configs?page=9')).body).toMatchObject({
      items: [],
      total: 3,
      page: 9,
      pages: 1,
    });
    await stack.database('task_configs').delete();
    expect((await stack.api.root('GET', '/tasks/configs')).body).toEqual({
      items: [],
      total: 0,
      page: 1,
      page_size: 20,
      pages: 0,
    });
  });

  test('filters by task type and by a literal part of the name', async () => {
    expect(await names('task_type=HEALTH_CHECK')).toEqual(['alpha']);
    expect(await names('name_search=BETA_1')).toEqual(['Beta_1']);
  });

  test('sorts by the given field, and by creation when the field is unknown', async () => {
    expect(await names('order_by=name&order_desc=false')).toEqual(['alpha', 'Beta_1', 'betaX1'].sort());
    for (const unknown of ['password', 'constructor', 'toString', '__proto__', ''])
      expect(await names(`order_by=${unknown}`)).toEqual(['betaX1', 'alpha', 'Beta_1']);
    expect(await names('order_by=created_at&order_desc=off')).toEqual(['Beta_1', 'alpha', 'betaX1']);
  });

  test('refuses invalid paging and sorting parameters', async () => {
    expect(faultsOf(await stack.api.root('GET', '/tasks/configs?page=0&page_size=101&order_desc=2'))).toEqual([
      ['greater_than_equal', 'query.page'],
      ['less_than_equal', 'query.page_size'],
      ['bool_parsing', 'query.order_desc'],
    ]);
  });

  test('shows whether desired and actual state agree', async () => {
    const armed = await createConfig({ name: 'armed' }, '?auto_schedule=true');
    const lost = await createConfig({ name: 'lost' }, '?auto_schedule=true');
    await scheduleOf(lost.id).delete();
    // Temporal's lists of schedules lag behind a moment.
    const states = await waitFor(async () => {
      const { items } = (await stack.api.root('GET', '/tasks/configs')).body as {
        items: { id: number; status_consistent: boolean }[];
      };
      const found = new Map(items.map((item) => [item.id, item.status_consistent]));
      return found.get(armed.id) && !found.get(lost.id) ? found : undefined;
    });
    expect([...states.values()].filter((isConsistent) => !isConsistent)).toHaveLength(1);
  });
});

describe('one config', () => {
  test('shows the newest events, and statistics on demand', async () => {
    const { id } = await createConfig({}, '?auto_schedule=true');
    const plain = await stack.api.root('GET', `/tasks/configs/${id}`);
    expect(plain.body).toMatchObject({
      id,
      stats: null,
      recent_history: [
        { event: 'task_registered', success: true, task_name: 'hourly', error: null },
        { event: 'status_changed', new_status: 'active' },
      ],
    });
    await insertExecution(stack.database, { config_id: id, status: 'succeeded', duration_seconds: 2 });
    await insertExecution(stack.database, { config_id: id, status: 'failed', duration_seconds: 4 });
    await insertExecution(stack.database, { config_id: id, status: 'running' });
    expect((await stack.api.root('GET', `/tasks/configs/${id}?include_stats=true`)).body.stats).toEqual({
      total_runs: 2,
      successful_runs: 1,
      failed_runs: 1,
      success_rate: 50,
      avg_duration: 3,
      last_run: expect.stringMatching(/Z$/),
      last_status: 'failed',
    });
  });

  test('has statistics of zero without runs', async () => {
    const id = await insertConfig(stack.database);
    expect((await stack.api.root('GET', `/tasks/configs/${id}?include_stats=1`)).body.stats).toEqual({
      total_runs: 0,
      successful_runs: 0,
      failed_runs: 0,
      success_rate: 0,
      avg_duration: 0,
      last_run: null,
      last_status: null,
    });
  });

  test('answers every method with 404 for an unknown id and with 422 for an invalid one', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) {
      expect(
        (await stack.api.root(method, '/tasks/configs/999999', method.startsWith('P') ? {} : undefined)).status,
      ).toBe(404);
      expect(
        (await stack.api.root(method, '/tasks/configs/seven', method.startsWith('P') ? {} : undefined)).status,
      ).toBe(422);
    }
    expect((await stack.api.root('GET', '/tasks/configs/99999999999')).status).toBe(422);
  });
});
