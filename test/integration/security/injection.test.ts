import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { insertConfig, insertExecution, type TestStack, useTestApi } from '../../support/api-support';

interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
}
interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  parameters: Parameter[];
}

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));
let operations: Operation[];
const TABLES = ['users', 'task_configs', 'task_executions', 'reddit_posts', 'reddit_comments', 'audit_log'];
const countRows = () =>
  Promise.all(TABLES.slice(0, -1).map(async (table) => Number((await db.database(table).count('* as n'))[0]?.n)));

beforeAll(async () => {
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

/** Values of attempted injections. None of them occurs in the stored rows. */
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
/** Query parameters that sort, page or extend a list. They need not leave rows out. */
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
/** What stands for a path parameter that is not under test. */
const PATH_VALUES: Record<string, string> = { action: 'stop', post_id: 'pa', type: 'NONE' };
/** Puts `value` into the path parameter `name`, and harmless values into the others. */
const fill = (path: string, name?: string, value = '') =>
  path.replace(/\{(\w+)\}/g, (_, key: string) =>
    key === name ? encodeURIComponent(value) : (PATH_VALUES[key] ?? '999999'),
  );

/** A search ignores punctuation, and a star stands for every action: both are documented. */
const matchesAllRows = (name: string, value: string) =>
  (name === 'q' && !/\w/.test(value)) || (name === 'action' && value === '*');
const isSelective = (name: string, value: string) => !NO_FILTERS.includes(name) && !matchesAllRows(name, value);

test('every filter of every route treats its value as plain data', async () => {
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
        if (status === 200 && isSelective(name, value))
          expect([path, name, value, itemsOf(body)]).toEqual([path, name, value, []]);
      }
    }
  }
  expect(asked).toBeGreaterThan(300);
  expect(await countRows()).toEqual(before);
});

test('a search accepts any punctuation between its words', async () => {
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

test('every path parameter of every route treats its value as plain data', async () => {
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

test('an unknown sort order is ignored', async () => {
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

test('a forged cursor is refused, or is a position in the list', async () => {
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
