import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { connectTestTemporal } from '../../support/task-worker';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import { createTestApi, insertConfig, insertExecution, type TestApi } from '../../support/api-support';
import type { TemporalConnection } from '../../../src/platform/temporal';

interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
}
interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  parameters: Parameter[];
}

let db: TestDatabase;
let temporal: TemporalConnection;
let api: TestApi;
let operations: Operation[];
const TABLES = ['users', 'task_configs', 'task_executions', 'reddit_posts', 'reddit_comments', 'audit_log'];
const countRows = () =>
  Promise.all(TABLES.slice(0, -1).map(async (table) => Number((await db.database(table).count('* as n'))[0]?.n)));

beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), connectTestTemporal()]);
  api = await createTestApi({ database: db.database, temporal });
  await db.database('reddit_posts').insert(
    ['pa', 'pb', 'pc'].map((id) => ({
      id,
      title: `walrus ${id}`,
      content: 'sings',
      subreddit: 'funny',
      reddit_created_at: new Date(),
    })),
  );
  await db.database('reddit_comments').insert(
    ['ca', 'cb', 'cc'].map((id) => ({
      id,
      post_id: 'pa',
      body: `walrus ${id}`,
      subreddit: 'funny',
      reddit_created_at: new Date(),
    })),
  );
  const config_id = await insertConfig(db.database, { name: 'nightly' });
  for (let n = 0; n < 3; n++) await insertExecution(db.database, { config_id });
  await api.root('POST', '/tasks/schedules/batch/stop', { config_ids: [999_999] });
  const { paths } = (await createOpenapiDocument()) as {
    paths: Record<string, Record<string, { parameters?: Parameter[] }>>;
  };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase() as 'GET',
      path,
      parameters,
    })),
  );
});
afterAll(async () => {
  await api?.close();
  await temporal?.close();
  await db?.drop();
});

/** None of them is anywhere in what is stored. */
const VALUES = [
  "' OR 1=1 --",
  "'; DROP TABLE users; --",
  "') UNION SELECT * FROM users --",
  '" OR ""="',
  '%',
  '_',
  '\\',
  "%\\'",
  '$1',
  '?',
  '*',
  '’ OR ’1’=’1',
  '../../../etc/passwd',
  '\r\nSet-Cookie: a=b',
  '{"$ne":null}',
];
/** They sort, go on from a page, or say how much: what they leave out is not for them to say. */
const NO_FILTERS = [
  'sort_by',
  'order_by',
  'order_desc',
  'limit',
  'page',
  'page_size',
  'cursor',
  'auto_schedule',
  'auto_start',
  'include_stats',
];

const itemsOf = (body: Record<string, unknown> | unknown[]): unknown[] =>
  Array.isArray(body)
    ? body
    : ((['items', 'executions', 'failed_executions', 'schedules', 'history']
        .map((name) => body[name])
        .find(Array.isArray) as unknown[]) ?? []);
const fill = (path: string, name?: string, value = '') =>
  path.replace(/\{(\w+)\}/g, (_, key: string) =>
    key === name
      ? encodeURIComponent(value)
      : key === 'action'
        ? 'stop'
        : key === 'post_id'
          ? 'pa'
          : key === 'type'
            ? 'NONE'
            : '999999',
  );

test('no filter of any route takes a value for anything but itself', async () => {
  const before = await countRows();
  let asked = 0;
  for (const { method, path, parameters } of operations.filter((one) => one.method === 'GET')) {
    for (const { name } of parameters.filter((parameter) => parameter.in === 'query')) {
      const answers = await Promise.all(
        VALUES.map(async (value) => ({
          value,
          ...(await api.root(method, `${fill(path)}?${name}=${encodeURIComponent(value)}`)),
        })),
      );
      for (const { value, status, body, headers } of answers) {
        expect([path, name, value, status < 500 ? 'answered' : status, headers['set-cookie']]).toEqual([
          path,
          name,
          value,
          'answered',
          undefined,
        ]);
        asked++;
        // Words of a search are not matched by their marks, and a star stands for any action: both are said to.
        const isSaidTo = (name === 'q' && !/\w/.test(value)) || (name === 'action' && value === '*');
        if (status === 200 && !NO_FILTERS.includes(name) && !isSaidTo)
          expect([path, name, value, itemsOf(body)]).toEqual([path, name, value, []]);
      }
    }
  }
  expect(asked).toBeGreaterThan(300);
  expect(await countRows()).toEqual(before);
});

test('a search finds words, whatever stands between them', async () => {
  for (const q of [
    "walrus' OR 1=1 --",
    'walrus & !sings',
    'walrus <-> (',
    'walrus:*',
    '"walrus',
    '-',
    '()',
    "walrus\\'",
    '!!!',
    ':',
    '& | !',
  ])
    expect([q, (await api.user('GET', `/reddit/posts?q=${encodeURIComponent(q)}`)).status]).toEqual([q, 200]);
});

test('no path parameter of any route does either', async () => {
  const before = await countRows();
  for (const { method, path, parameters } of operations) {
    for (const { name } of parameters.filter((parameter) => parameter.in === 'path')) {
      const answers = await Promise.all(
        VALUES.map(async (value) => ({
          value,
          ...(await api.root(
            method,
            fill(path, name, value),
            method === 'GET' || method === 'DELETE' ? undefined : {},
          )),
        })),
      );
      for (const { value, status, headers } of answers) {
        expect([
          method,
          path,
          name,
          value,
          [400, 404, 422].includes(status) ? 'refused' : status,
          headers['set-cookie'],
        ]).toEqual([method, path, name, value, 'refused', undefined]);
      }
    }
  }
  expect(await countRows()).toEqual(before);
});

test('a sort order is one of those that there are', async () => {
  const order = async (query: string) =>
    (await api.root('GET', `/users?${query}`)).body.map(({ id }: { id: number }) => id);
  const usual = await order('');
  for (const sort of [
    'hashed_password',
    '(select 1)',
    'id; drop table users',
    'id desc',
    '1',
    'session_version',
    '__proto__',
    'constructor',
  ])
    expect([sort, await order(`sort_by=${encodeURIComponent(sort)}`)]).toEqual([sort, usual]);
});

test('a cursor that somebody has made up is refused, or is a place in the list', async () => {
  const made = [
    'e:2026-01-01T00:00:00.000000Z:1',
    "e:2026-01-01T00:00:00.000000Z:1' OR 1=1",
    'e:0000-01-01T00:00:00.000000Z:1',
    'e:9999-12-31T23:59:59.999999Z:9999999999',
    't:0:pa',
    "t:0:pa'--",
    't:9999999999999999:x',
    's:99999999999:x',
    's:1:x',
    'a:1',
    'a:999999999999999',
    'a:-1',
    'a:1e5',
    '\0',
    '{}',
  ];
  for (const path of [
    '/tasks/executions/recent',
    '/tasks/executions/failed',
    '/tasks/executions/by-config/1',
    '/reddit/posts',
    '/reddit/posts/pa/comments',
    '/reddit/comments',
    '/audit-log',
  ]) {
    for (const cursor of [...made.map((text) => Buffer.from(text).toString('base64url')), ...made])
      expect([
        path,
        cursor,
        [200, 422].includes((await api.root('GET', `${path}?cursor=${encodeURIComponent(cursor)}`)).status),
      ]).toEqual([path, cursor, true]);
  }
});

describe('names that mean something to JavaScript', () => {
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
  ])('in a body mean nothing: %s', async (evil) => {
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
        `{"name": "x", "task_type": "TEST_TIMEOUT", "scheduler_type": "cron", "schedule_config": {"cron_expression": "0 3 * * *", ${more}}}`,
      ),
      await send(
        'POST',
        '/tasks/configs',
        `{"name": "x", "task_type": "REDDIT_SCRAPE", "scheduler_type": "manual", "parameters": {"subreddits": ["cats"], ${more}}}`,
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

  test('in a query mean nothing either', async () => {
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

test('columns that are not for users to set stay as they are', async () => {
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
