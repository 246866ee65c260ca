import { insertExecution, type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));

const log = async (query = '') => (await api.root('GET', `/audit-log?${query}`)).body;

describe('the audit log list', () => {
  test('is for admins only', async () => {
    expect((await api.anonymous('GET', '/audit-log')).status).toBe(401);
    expect((await api.user('GET', '/audit-log')).status).toBe(403);
  });

  test('filters by target, actor, action, outcome and time', async () => {
    const execution = await insertExecution(db.database);
    const before = new Date();
    const answers = [
      await api.root('POST', `/tasks/executions/${execution}/cancel`),
      await api.user('POST', `/tasks/executions/${execution}/cancel`),
      await api.root('POST', `/tasks/executions/${execution}/terminate`),
    ];
    const requests = answers.map(({ headers }) => headers['x-request-id']);
    const found = async (query: string) =>
      (await log(`target_type=execution&target_id=${execution}&${query}`)).map((entry: { request_id: string }) =>
        requests.indexOf(entry.request_id),
      );
    expect(await found('')).toEqual([2, 1, 0]);
    expect(await found('actor=user')).toEqual([1]);
    expect(await found(`actor=${api.userIds[0]}`)).toEqual([2, 0]);
    expect(await found('action=execution.cancel')).toEqual([1, 0]);
    expect(await found('action=execution.*')).toEqual([2, 1, 0]);
    expect(await found('action=%25*')).toEqual([]);
    expect(await found('outcome=succeeded')).toEqual([]);
    expect(await found('outcome=refused')).toEqual([2, 1, 0]);
    expect(await found(`until=${before.toISOString()}`)).toEqual([]);
    expect(await found(`since=${before.toISOString()}`)).toEqual([2, 1, 0]);
    expect(await log("actor=' or 1=1 --")).toEqual([]);
  });

  test('continues where the previous page ended', async () => {
    for (let n = 0; n < 7; n++) await api.root('POST', `/tasks/executions/no-run-${n}/cancel`);
    const all = (await log('limit=500')).map((entry: { id: number }) => entry.id);
    const seen: number[] = [];
    let path: string | undefined = '/audit-log?limit=3';
    while (path) {
      const page = await api.root('GET', path);
      seen.push(...page.body.map((entry: { id: number }) => entry.id));
      path = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1];
    }
    expect(all.length).toBeGreaterThan(6);
    expect(seen).toEqual(all);
  });

  test.each([
    'cursor=x',
    'outcome=maybe',
    'since=yesterday',
    'limit=501',
    'limit=0',
    'until=2026-01-01&since=2026-01-02',
  ])('refuses %s', async (query) => {
    expect(await api.root('GET', `/audit-log?${query}`)).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['query', query.split('=')[0]] }] },
    });
  });
});
