import { HOURLY_CONFIG, useConfigApi } from '../../support/config-api';

const stack = useConfigApi();
const { createConfig } = stack;

const save = (id: number, body: object, ifMatch?: string) =>
  stack.api.root('PATCH', `/tasks/configs/${id}`, body, ifMatch === undefined ? {} : { 'if-match': ifMatch });

test('answers about a config have its tag, as a header and in the body', async () => {
  const created = await stack.api.root('POST', '/tasks/configs', HOURLY_CONFIG);
  const { id, etag } = created.body;
  const read = await stack.api.root('GET', `/tasks/configs/${id}`);
  const [listed] = (await stack.api.root('GET', '/tasks/configs')).body.items;
  const tags = [created.headers['etag'], read.headers['etag'], read.body.etag, listed.etag];
  expect(tags).toEqual([etag, etag, etag, etag]);
  const saved = await save(id, { name: 'renamed' }, etag);
  expect(saved.headers['etag']).toBe(saved.body.etag);
  expect(saved.body.etag).not.toBe(etag);
});

test('an edit or a deletion on the basis of an older state is refused, and changes nothing', async () => {
  const { id, etag } = await createConfig();
  expect(await save(id, { name: 'first' }, etag)).toMatchObject({ status: 200 });
  for (const stale of [etag, '"whatever"', `${etag}, "whatever"`, 'W/"weak"', 'unquoted'])
    expect([stale, await save(id, { name: 'second' }, stale)]).toMatchObject([
      stale,
      { status: 412, body: { detail: expect.stringContaining('read it again') } },
    ]);
  expect((await stack.api.root('DELETE', `/tasks/configs/${id}`, undefined, { 'if-match': etag })).status).toBe(412);
  const { body } = await stack.api.root('GET', `/tasks/configs/${id}`);
  expect(body.name).toBe('first');
  expect(await save(id, { name: 'weak' }, `W/${body.etag}`)).toMatchObject({ status: 412 });
  const deleted = await stack.api.root('DELETE', `/tasks/configs/${id}`, undefined, { 'if-match': body.etag });
  expect(deleted.status).toBe(200);
});

test.each(['start', 'stop', 'pause', 'resume', 'reload'])(
  '%s on the basis of an older state is refused, and changes nothing',
  async (action) => {
    const { id, etag } = await createConfig();
    await stack.api.root('POST', `/tasks/schedules/${id}/${action === 'start' ? 'stop' : 'start'}`);
    if (action === 'resume') await stack.api.root('POST', `/tasks/schedules/${id}/pause`);
    const { body } = await save(id, { name: 'edited' }, etag);
    const before = await stack.database('task_configs').where({ id });
    const act = (tag: string) =>
      stack.api.root('POST', `/tasks/schedules/${id}/${action}`, undefined, { 'if-match': tag });
    expect((await act(etag)).status).toBe(412);
    expect(await stack.database('task_configs').where({ id })).toEqual(before);
    expect(await act(body.etag)).toMatchObject({ status: 200, body: { success: true } });
  },
);

test('a deletion of a config or a schedule that is refused leaves the schedule armed', async () => {
  const { id, etag } = await createConfig();
  await stack.api.root('POST', `/tasks/schedules/${id}/start`);
  await save(id, { name: 'edited' }, etag);
  for (const path of [`/tasks/configs/${id}`, `/tasks/schedules/${id}`])
    expect((await stack.api.root('DELETE', path, undefined, { 'if-match': etag })).status).toBe(412);
  expect((await stack.api.root('GET', `/tasks/schedules/${id}`)).body).toMatchObject({
    status: 'active',
    is_actually_scheduled: true,
    status_consistent: true,
  });
});

test('a list that names the tag, a star, and no header let an edit pass', async () => {
  const { id, etag } = await createConfig();
  expect(await save(id, { name: 'listed' }, `"other" , ${etag}`)).toMatchObject({ status: 200 });
  expect(await save(id, { name: 'star' }, '*')).toMatchObject({ status: 200 });
  expect(await save(id, { name: 'none' })).toMatchObject({ status: 200, body: { name: 'none' } });
  expect(await save(4_711, { name: 'gone' }, '*')).toMatchObject({ status: 404 });
});

test('of several edits at once on the basis of one state, one passes', async () => {
  const { id, etag } = await createConfig();
  const names = Array.from({ length: 10 }, (_, index) => `edit ${index}`);
  const answers = await Promise.all(names.map((name) => save(id, { name }, etag)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 412)).toHaveLength(9);
});

test('what the system and commands write does not make a tag stale', async () => {
  const { id, etag } = await createConfig();
  await stack.api.root('POST', `/tasks/schedules/${id}/start`);
  await stack.database('task_configs').where({ id }).increment('revision', 1);
  expect((await stack.api.root('GET', `/tasks/configs/${id}`)).body.etag).toBe(etag);
  expect(await save(id, { name: 'still valid' }, etag)).toMatchObject({ status: 200 });
});
