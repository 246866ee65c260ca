import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { U, useContract } from './contract-api';
import { SHAPES } from './contract-shapes';
import { operationsOf, type AppRoute } from './answer-watch';

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
  // Which of the roles it is, test/integration/accounts/route-access.test.ts lists; none of them is a plain user's.
  if (/ \/api\/v1\/tasks\//.test(name)) return access === 'open' || access === 'user' ? 'admin' : access;
  if (/^(POST|DELETE) \/api\/v1\/users/.test(name)) return 'admin';
  if (name.endsWith('/reddit/budget/reset')) return 'admin';
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

  test('are all documented, except pages, the document itself, and metrics', () => {
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

  test('each have a file of tests that calls it with success', () => {
    const coverages = readdirSync(__dirname)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(path.join(__dirname, file), 'utf8'))
      .flatMap((text) => {
        const [call, names = '.'] = /contract\.testCoverage\((?:\/(.*)\/)?\);/.exec(text) ?? [];
        const tags = /useContract\(\[([^\]]*)\]/.exec(text)?.[1] ?? '';
        return call === undefined ? [] : [{ tags, names: new RegExp(names) }];
      });
    const tagged = operationsOf(contract.parts.watch.document).filter(({ tags }) => tags.length > 0);
    expect(tagged.length).toBeGreaterThan(0);
    const isCovered = (operation: { name: string; tags: string[] }) =>
      operation.tags.every((tag) =>
        coverages.some(({ tags, names }) => tags.includes(`'${tag}'`) && names.test(operation.name)),
      );
    expect(tagged.filter((operation) => !isCovered(operation)).map(({ name }) => name)).toEqual([]);
  });
});

describe('the access of routes', () => {
  test('is what the contract says for each route', () => {
    for (const route of apiRoutes()) expect([route.name, route.access]).toEqual([route.name, accessOf(route)]);
  });

  test('refuses requests without a token, and of inactive or deleted users', async () => {
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

  test('refuses other users on routes for superusers, whatever else is wrong', async () => {
    for (const route of apiRoutes().filter((one) => !['open', 'user'].includes(accessOf(one))))
      expect([route.name, await user(...call(route))]).toMatchObject([
        route.name,
        { status: 403, body: { detail: U.forbidden } },
      ]);
  });
});

describe('unknown routes and ids', () => {
  test('answers 404 after authentication, and 405 with the allowed methods for a wrong method', async () => {
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

  test('answers 404 or 422 to ids at and beyond the limits on every route with a number', async () => {
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
