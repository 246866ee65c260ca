import { type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));

const manual = (parameters: object) => ({
  name: 'large',
  task_type: 'REDDIT_SCRAPE',
  scheduler_type: 'manual',
  parameters,
});
const names = (count: number) => Array.from({ length: count }, (_, index) => `subreddit${index}`);
const detailOf = (body: unknown) => (body as { detail: { loc: unknown[]; msg: string; input: unknown }[] }).detail;
const TOO_LARGE = {
  msg: expect.stringMatching(/^Takes [\d,]+ bytes as JSON, and 65,536 are allowed: /),
  input: null,
};

test('parameters of more than 64 KB are refused, in a config, an edit and a run by type', async () => {
  const parameters = { subreddits: ['books'], padding: 'x'.repeat(65_536) };
  const { body: config } = await api.root('POST', '/tasks/configs', manual({ subreddits: ['books'] }));
  const { id } = config as { id: number };
  for (const [method, path, sent, loc] of [
    ['POST', '/tasks/configs', manual(parameters), ['body', 'parameters']],
    ['PATCH', `/tasks/configs/${id}`, { parameters }, ['body', 'parameters']],
    ['PUT', `/tasks/configs/${id}`, { parameters }, ['body', 'parameters']],
    ['POST', '/tasks/execute/by-type/REDDIT_SCRAPE', { task_params: parameters }, ['body', 'task_params']],
  ] as const) {
    const answer = await api.root(method, path, sent);
    expect([method, path, answer.status]).toEqual([method, path, 422]);
    expect(detailOf(answer.body)).toEqual([expect.objectContaining({ loc, ...TOO_LARGE })]);
  }
  expect(await db.database('task_configs').where({ name: 'large' })).toMatchObject([
    { parameters: { subreddits: ['books'] } },
  ]);
});

test('a schedule of more than 64 KB is refused', async () => {
  const answer = await api.root('POST', '/tasks/configs', {
    ...manual({ subreddits: ['books'] }),
    scheduler_type: 'cron',
    schedule_config: { cron_expression: `${'0,'.repeat(40_000)}0 * * * *` },
  });
  expect([answer.status, detailOf(answer.body)]).toEqual([
    422,
    [expect.objectContaining({ loc: ['body', 'schedule_config'], ...TOO_LARGE })],
  ]);
});

test('a stored config with larger parameters keeps working, and can be edited otherwise', async () => {
  const large = { sleep_seconds: 1, padding: 'x'.repeat(70_000) };
  const [row] = await db
    .database('task_configs')
    .insert({ ...manual({}), task_type: 'TEST_TIMEOUT', parameters: JSON.stringify(large) })
    .returning('id');
  const { id } = row as { id: number };
  const edited = await api.root('PUT', `/tasks/configs/${id}`, { description: 'x', parameters: large });
  expect([edited.status, edited.body]).toMatchObject([200, { description: 'x' }]);
  expect((await api.root('GET', `/tasks/configs/${id}`)).body).toMatchObject({ description: 'x', parameters: large });
});

test('the answer to many errors and large values stays small', async () => {
  const unknown = Object.fromEntries(names(20_000).map((name) => [name, 'x']));
  const answers = [
    await api.root('POST', '/tasks/configs', { ...manual({ subreddits: ['books'] }), ...unknown, name: 7 }),
    await api.root('POST', '/tasks/execute/by-type/REDDIT_SCRAPE', {
      task_params: Object.fromEntries(names(2_000).map((name) => [name, 'x'])),
    }),
    await api.root('POST', '/tasks/configs', { ...manual({}), name: 'y'.repeat(500_000) }),
    await api.root('POST', '/tasks/configs', { ...manual({}), description: { deep: 'y'.repeat(500_000) } }),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(422);
    expect(detailOf(answer.body).length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(answer.body).length).toBeLessThan(100_000);
  }
});
