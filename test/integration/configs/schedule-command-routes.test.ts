import { faultsOf, useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
const { createConfig } = stack;

describe('the schedule commands', () => {
  const act = async (id: number | string, action: string, payload?: string) => {
    const answer = await stack.api.app.inject({
      method: 'POST',
      url: `/api/v1/tasks/schedules/${id}/${action}`,
      headers: {
        authorization: authorization(),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  const authorization = () => `Bearer ${stack.api.tokens[0]}`;
  const stateOf = async (id: number) => (await stack.api.root('GET', `/tasks/configs/${id}`)).body.schedule_status;

  test('change the state, or report a refusal and change nothing', async () => {
    const { id } = await createConfig();
    const steps: [string, boolean, string][] = [
      ['pause', false, 'inactive'],
      ['resume', false, 'inactive'],
      ['reload', true, 'inactive'],
      ['start', true, 'active'],
      ['start', true, 'active'],
      ['resume', false, 'active'],
      ['reload', true, 'active'],
      ['pause', true, 'paused'],
      ['pause', false, 'paused'],
      ['resume', true, 'active'],
      ['stop', true, 'inactive'],
      ['stop', true, 'inactive'],
    ];
    for (const [action, success, state] of steps) {
      const answer = await act(id, action);
      expect([action, answer.status, answer.body]).toEqual([
        action,
        200,
        { success, message: expect.any(String), config_id: id },
      ]);
      expect([action, await stateOf(id)]).toEqual([action, state]);
    }
  });

  test('accept any body, even none or invalid JSON', async () => {
    const { id } = await createConfig();
    for (const payload of [undefined, '', '{}', '{"broken']) expect((await act(id, 'stop', payload)).status).toBe(200);
  });

  test('refuse to start a manual config', async () => {
    const { id } = await createConfig({ scheduler_type: 'manual', schedule_config: {} });
    expect(await act(id, 'start')).toMatchObject({ status: 200, body: { success: false } });
  });

  test('answer 404 for an unknown config and 422 for an unknown command', async () => {
    expect((await act(999_999, 'stop')).status).toBe(404);
    const { id } = await createConfig();
    expect((await act(id, 'explode')).status).toBe(422);
  });

  test('apply to many configs in one request, even when some of them fail', async () => {
    const [first, second] = [
      await createConfig(),
      await createConfig({ scheduler_type: 'manual', schedule_config: {} }),
    ];
    const { status, body } = await stack.api.root('POST', '/tasks/schedules/batch/start', {
      config_ids: [first.id, 999_999, second.id],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      action: 'start',
      total: 3,
      success_count: 1,
      failed_count: 2,
      results: [
        { success: true, config_id: first.id },
        { success: false, config_id: 999_999 },
        { success: false, config_id: second.id },
      ],
    });
    expect(faultsOf(await stack.api.root('POST', '/tasks/schedules/batch/start', { config_ids: [] }))).toEqual([
      ['too_short', 'body.config_ids'],
    ]);
    expect((await stack.api.root('POST', '/tasks/schedules/batch/explode', { config_ids: [1] })).status).toBe(422);
  });
});
