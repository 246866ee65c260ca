import { insertExecution } from '../../support/api-support';
import { faultsOf, useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
const { createConfig } = stack;

describe('a preview', () => {
  test('shows the next times of a schedule that is not stored', async () => {
    const { status, body } = await stack.api.root('POST', '/tasks/configs/preview-schedule', {
      scheduler_type: 'cron',
      schedule_config: { cron_expression: '0 12 1 * 1', timezone: 'Europe/Berlin' },
      count: 3,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      scheduler_type: 'cron',
      timezone: 'Europe/Berlin',
      description: '0 12 1 * 1',
      warnings: [{ code: 'day_of_month_and_day_of_week', message: expect.any(String) }],
    });
    expect(body.next_runs).toHaveLength(3);
    expect(
      faultsOf(
        await stack.api.root('POST', '/tasks/configs/preview-schedule', {
          scheduler_type: 'cron',
          schedule_config: { cron_expression: 'never' },
          count: 101,
        }),
      ),
    ).toEqual([
      ['less_than_equal', 'body.count'],
      ['value_error', 'body.schedule_config.cron_expression'],
    ]);
    expect(
      faultsOf(
        await stack.api.root('POST', '/tasks/configs/preview-schedule', {
          scheduler_type: 'cron',
          schedule_config: { cron_expression: 'never' },
        }),
      ),
    ).toEqual([['value_error', 'body.schedule_config.cron_expression']]);
  });

  test('warns when the interval of a config is shorter than its runs', async () => {
    const { id } = await createConfig({ schedule_config: { interval_seconds: 60 } });
    await insertExecution(stack.database, { config_id: id, duration_seconds: 100 });
    const { body } = await stack.api.root('GET', `/tasks/configs/${id}/next-runs?count=2`);
    expect(body).toMatchObject({
      next_runs: [expect.any(String), expect.any(String)],
      warnings: [{ code: 'interval_shorter_than_runs' }],
    });
    expect((await stack.api.root('GET', '/tasks/configs/999999/next-runs')).status).toBe(404);
  });
});
