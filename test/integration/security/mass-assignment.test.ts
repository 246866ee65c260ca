import { type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));

describe('property names that JavaScript treats specially', () => {
  const send = (method: 'POST' | 'PATCH', url: string, payload: string) =>
    api.app.inject({
      method,
      url: `/api/v1${url}`,
      payload,
      headers: { authorization: `Bearer ${api.tokens[0]}`, 'content-type': 'application/json' },
    });
  const polluted = () => ({}) as Record<string, unknown>;

  test.each([
    '{"__proto__": {"polluted": true, "is_superuser": true}}',
    '{"constructor": {"prototype": {"polluted": true}}}',
    '{"prototype": {"polluted": true}, "toString": 1, "hasOwnProperty": 1, "valueOf": null}',
  ])('have no effect in a body: %s', async (evil) => {
    const more = evil.slice(1, -1);
    const answers = [
      await send('POST', '/auth/login', `{"username": "user", "password": "not the one", ${more}}`),
      await send(
        'POST',
        '/tasks/configs',
        `{"name": "x", "task_type": "TEST_TIMEOUT", "scheduler_type": "manual", "parameters": ${evil}, ${more}}`,
      ),
      await send(
        'POST',
        '/tasks/configs',
        `{"name": "x", "task_type": "TEST_TIMEOUT", "scheduler_type": "cron",
          "schedule_config": {"cron_expression": "0 3 * * *", ${more}}}`,
      ),
      await send(
        'POST',
        '/tasks/configs',
        `{"name": "x", "task_type": "REDDIT_SCRAPE", "scheduler_type": "manual",
          "parameters": {"subreddits": ["cats"], ${more}}}`,
      ),
      await send('POST', '/tasks/execute/by-type/TEST_TIMEOUT', `{"task_params": ${evil}, "options": ${evil}}`),
      await send(
        'POST',
        '/tasks/configs/preview-schedule',
        `{"scheduler_type": "interval", "schedule_config": {"hours": 1, ${more}}}`,
      ),
      await send('PATCH', `/users/${api.userIds[1]}`, `{"age": 5, ${more}}`),
    ];
    for (const { statusCode, body } of answers)
      expect([statusCode < 500 ? 'answered' : statusCode, body.includes('__proto__":{"polluted')]).toEqual([
        'answered',
        false,
      ]);
    expect(polluted().polluted).toBeUndefined();
    expect(typeof polluted().toString).toBe('function');
    expect((await api.root('GET', `/users/${api.userIds[1]}`)).body).toMatchObject({ is_superuser: false });
  });

  test('have no effect in a query', async () => {
    for (const query of [
      '__proto__=1',
      '__proto__[polluted]=1',
      '__proto__.polluted=1',
      'constructor=1',
      'constructor[prototype][polluted]=1',
      'toString=1&hasOwnProperty=1',
    ])
      expect([query, (await api.root('GET', `/tasks/configs?${query}`)).status]).toEqual([query, 200]);
    expect(polluted().polluted).toBeUndefined();
  });
});

test('columns that users may not set stay unchanged', async () => {
  const row = () => db.database('users').where({ username: 'user' }).first();
  const before = await row();
  const forged = {
    id: 999,
    hashed_password: 'x',
    session_version: 99,
    created_at: '2000-01-01T00:00:00Z',
    updated_at: '2000-01-01T00:00:00Z',
    isSuperuser: true,
    IS_SUPERUSER: true,
    is_superuser: false,
  };
  expect((await api.user('PATCH', `/users/${before.id}`, { ...forged, full_name: 'Forger' })).status).toBe(200);
  expect(await row()).toEqual({ ...before, full_name: 'Forger', updated_at: expect.any(Date) });
  const { id } = (
    await api.anonymous('POST', '/auth/register', {
      username: 'forger',
      email: 'forger@example.org',
      password: 'a long enough one',
      ...forged,
      is_superuser: true,
      is_active: false,
    })
  ).body;
  expect(await db.database('users').where({ id }).first()).toMatchObject({
    is_superuser: false,
    is_active: true,
    session_version: before.session_version,
  });
  expect(id).not.toBe(999);
});
