import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { U, useContract } from './contract-api';
import { SHAPES } from './contract-shapes';
import type { AppRoute } from './answer-watch';

const contract = useContract([]);
const { root, user, idle, anonymous } = contract;

const REFUSED = [404, 422];
const ID = '2147483647';
const call = ({ name }: AppRoute) => {
  const [method = '', template = ''] = name.split(' ');
  return [
    method as 'GET',
    template.replace(/\{action\}/g, 'start').replace(/\{\w+\}/g, ID),
    method === 'GET' || method === 'DELETE' ? undefined : {},
  ] as const;
};
/** As the contract has it: tasks are for superusers, and so are making and deleting users. */
const accessOf = ({ name, access }: AppRoute) => {
  // Which of the roles it is, test/integration/accounts/roles.test.ts lists; none of them is a plain user's.
  if (/ \/api\/v1\/tasks\//.test(name)) return access === 'open' || access === 'user' ? 'admin' : access;
  if (/^(POST|DELETE) \/api\/v1\/users/.test(name)) return 'admin';
  if (/ \/api\/v1\/auth\/(login|register|refresh|forgot-password|reset-password|verify-reset-token)$/.test(name))
    return 'open';
  return / \/api\/v1\/(auth|users|reddit)/.test(name) ? 'user' : access;
};
const apiRoutes = () => [...contract.parts.watch.routes.values()].filter(({ name }) => name.includes(' /api/v1/'));

describe('the routes', () => {
  test('are all those of the contract, in every spelling', () => {
    expect(Object.keys(SHAPES)).toHaveLength(46);
    expect(
      Object.keys(SHAPES).filter((name) => !contract.parts.watch.routes.has(name.replace(' ', ' /api/v1'))),
    ).toEqual([]);
  });

  test('are all in the document, but for pages, the document itself, and figures for machines', () => {
    const documented = new Set(
      Object.entries(contract.parts.watch.document.paths).flatMap(([url, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${url}`),
      ),
    );
    const others = [...contract.parts.watch.routes.keys()].filter((name) => !documented.has(name));
    expect(others.filter((name) => !/^GET \/(docs|redoc)(\/|$)/.test(name)).sort()).toEqual([
      'GET /metrics',
      'GET /openapi.json',
    ]);
  });

  test('of each part of the API have a file of tests that calls every one of them', () => {
    const operations = Object.values(contract.parts.watch.document.paths).flatMap((methods) => Object.values(methods));
    const tags = new Set(operations.flatMap(({ tags: own = [] }) => own));
    const files = readdirSync(__dirname)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(path.join(__dirname, file), 'utf8'));
    const covered = files
      .filter((text) => text.includes('contract.testCoverage();'))
      .flatMap((text) =>
        [...(/useContract\(\[([^\]]*)\]/.exec(text)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, tag]) => tag),
      );
    expect([...tags].filter((tag) => !covered.includes(tag))).toEqual([]);
  });
});

describe('who may call a route', () => {
  test('is what the contract says, for each of them', () => {
    for (const route of apiRoutes()) expect([route.name, route.access]).toEqual([route.name, accessOf(route)]);
  });

  test('nobody without a token, no inactive user, and none that is gone', async () => {
    const gone = contract.withToken(contract.api.app.tokens.issue(999_999, 'access_token', 60, 'any').token);
    for (const route of apiRoutes().filter((one) => accessOf(one) !== 'open')) {
      expect([route.name, (await anonymous(...call(route))).status]).toEqual([route.name, 401]);
      expect([route.name, await idle(...call(route))]).toMatchObject([
        route.name,
        { status: 403, body: { detail: U.inactive } },
      ]);
      expect([route.name, await gone(...call(route))]).toMatchObject([
        route.name,
        { status: 404, body: { detail: U.noUser } },
      ]);
    }
  });

  test('on routes of superusers no other user, whatever else is wrong', async () => {
    for (const route of apiRoutes().filter((one) => !['open', 'user'].includes(accessOf(one))))
      expect([route.name, await user(...call(route))]).toMatchObject([
        route.name,
        { status: 403, body: { detail: U.forbidden } },
      ]);
  });
});

describe('what is not there', () => {
  test('is a 404 after the token, a wrong method a 405 with those that are right', async () => {
    for (const path of [
      '/api/v1',
      '/api/v1/',
      '/',
      '/api/v2/users',
      '/API/V1/auth/me',
      '/api/v1/users/1/2',
      '/api/v1/auth/Me',
    ]) {
      expect([path, (await anonymous('GET', path)).status]).toEqual([path, 401]);
      expect([path, await root('GET', path)]).toMatchObject([path, { status: 404, body: { detail: 'Not Found' } }]);
    }
    for (const [method, path, allowed] of [
      ['GET', '/auth/login', ['POST']],
      ['PUT', '/users/1', ['DELETE', 'GET', 'HEAD', 'PATCH']],
      ['POST', '/tasks/configs/1', ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT']],
      ['DELETE', '/auth/me', ['GET', 'HEAD']],
    ] as const) {
      const answer = await root(method, path);
      expect([answer.status, answer.body, String(answer.headers.allow).split(', ').sort()]).toEqual([
        405,
        { detail: 'Method Not Allowed' },
        allowed,
      ]);
    }
  });

  test('of every route that takes a number: the highest there is, one beyond, and what is none', async () => {
    const numbered = apiRoutes().filter(({ name }) => /\{(id|user_id)\}/.test(name) && !name.includes('/sessions/'));
    expect(numbered.length).toBeGreaterThan(15);
    for (const { name } of numbered) {
      const [method = '', template = ''] = name.split(' ');
      const ids = [
        '2147483647',
        '2147483648',
        '-1',
        '0',
        '9'.repeat(40),
        '1.5',
        'x',
        '%00',
        '１',
        'x'.repeat(5_000),
        '🙂',
        "' OR 1=1 --",
        '..%2f..',
        '%F0%28',
      ];
      const answers = await Promise.all(
        ids.map(async (id) => {
          const url = template
            .replace('{action}', 'stop')
            .replace(/\{\w+\}/, /%/.test(id) ? id : encodeURIComponent(id));
          return {
            id,
            ...(await root(method as 'GET', url, method === 'GET' || method === 'DELETE' ? undefined : {})),
          };
        }),
      );
      const isListOfUnknown = /executions\/(by-config|configs)|\/stats|\/history$/.test(template);
      for (const { id, status } of answers) {
        const expected = isListOfUnknown && ['2147483647', '-1', '0'].includes(id) ? [200] : REFUSED;
        expect([name, id, expected.includes(status) ? 'as expected' : status]).toEqual([name, id, 'as expected']);
      }
    }
  });
});

describe('a request', () => {
  const send = (
    method: 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'PATCH',
    url: string,
    more: { payload?: string; headers?: Record<string, string> } = {},
  ) =>
    contract.api.app.inject({
      method,
      url: `/api/v1${url}`,
      payload: more.payload,
      headers: { authorization: `Bearer ${contract.api.tokens[0]}`, ...more.headers },
    });

  test('may end its path with a slash', async () => {
    for (const path of [
      '/auth/me/',
      '/users/',
      '/users/?name=root',
      '/tasks/configs/',
      '/tasks/executions/recent/',
      '/reddit/posts/',
    ])
      expect([path, (await root('GET', path)).status]).toEqual([path, 200]);
  });

  test('HEAD is GET without its body', async () => {
    for (const path of [
      '/auth/me',
      '/users',
      '/tasks/configs',
      '/tasks/schedules/summary',
      '/tasks/configs/2147483647',
    ]) {
      const [head, get] = [await send('HEAD', path), await send('GET', path)];
      expect([path, head.statusCode, head.body]).toEqual([path, get.statusCode, '']);
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
    }
    expect((await anonymous('GET', '/users')).status).toBe(401);
    expect((await contract.api.app.inject({ method: 'HEAD', url: '/api/v1/users' })).statusCode).toBe(401);
  });

  test('OPTIONS needs no token, and tells nothing', async () => {
    for (const url of ['/tasks/configs', '/nothing/here'])
      expect(await contract.api.app.inject({ method: 'OPTIONS', url: `/api/v1${url}` })).toMatchObject({
        statusCode: 204,
        body: '',
      });
  });

  test('GET and DELETE heed no body', async () => {
    for (const payload of ['{}', 'nonsense', '{"limit": 0}']) {
      expect(
        (await send('GET', '/users', { payload, headers: { 'content-type': 'application/json' } })).statusCode,
      ).toBe(200);
      expect(
        (
          await send('DELETE', '/tasks/executions/cleanup', {
            payload,
            headers: { 'content-type': 'application/json' },
          })
        ).statusCode,
      ).toBe(200);
    }
    expect(
      (await send('DELETE', '/tasks/executions/cleanup', { headers: { 'content-type': 'application/json' } }))
        .statusCode,
    ).toBe(200);
  });

  test('without a body is told so where one is needed, whatever its content type says', async () => {
    for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-type': 'text/plain' }]) {
      for (const url of [
        '/auth/login',
        '/users',
        '/tasks/configs',
        '/tasks/schedules/batch/start',
        '/tasks/execute/batch',
      ]) {
        const answer = await send('POST', url, { headers: headers as Record<string, string> });
        expect([url, answer.statusCode, answer.json().detail]).toEqual([
          url,
          422,
          [{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }],
        ]);
      }
    }
  });

  test('that is no JSON object is told so', async () => {
    const json = { 'content-type': 'application/json' };
    for (const [payload, expected] of [
      ['[]', { type: 'dict_type', loc: ['body'], input: [] }],
      ['"x"', { type: 'dict_type', loc: ['body'], input: 'x' }],
      ['7', { type: 'dict_type', loc: ['body'], input: 7 }],
      ['{"a":}', { type: 'json_invalid', loc: ['body', 5], input: {} }],
      ["{'a': 1}", { type: 'json_invalid', loc: ['body', 1], input: {} }],
      ['{"a": NaN}', { type: 'json_invalid', loc: ['body', 6], input: {} }],
      ['{', { type: 'json_invalid', loc: ['body', 1], input: {} }],
    ] as const) {
      const answer = await send('POST', '/tasks/schedules/batch/start', { payload, headers: json });
      expect([payload, answer.statusCode, answer.json()]).toMatchObject([payload, 422, { detail: [expected] }]);
    }
  });

  test('may say application/json in any way, or nothing; anything else is no JSON', async () => {
    const payload = '{"config_ids":[2147483647]}';
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/merge-patch+json'])
      expect([
        type,
        (await send('POST', '/tasks/schedules/batch/start', { payload, headers: { 'content-type': type } })).statusCode,
      ]).toEqual([type, 200]);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/xml',
      'json',
      ';;;',
      'a/b/c',
    ]) {
      const answer = await send('POST', '/tasks/schedules/batch/start', { payload, headers: { 'content-type': type } });
      expect([type, answer.statusCode, answer.json().detail]).toMatchObject([
        type,
        422,
        [{ type: 'dict_type', loc: ['body'] }],
      ]);
    }
  });

  test('brings numbers as texts and keys that nobody knows, as old clients do', async () => {
    expect(
      (await root('POST', '/tasks/schedules/batch/stop', { config_ids: ['2147483647'], unknown: { deep: [1] } })).body,
    ).toMatchObject({ total: 1, failed_count: 1 });
  });
});
