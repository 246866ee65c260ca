import { mayAccess, roleThroughKey, ROLES, SCOPES, type Access } from '../../../src/api/access-levels';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { type TestApi, type TestStack, useTestApi } from '../../support/api-support';
import type { Role } from '../../../src/storage/accounts/user';
import { FORBIDDEN } from './user-answers';
import { userWithRole } from './user-with-role';

let { db, api } = {} as TestStack;
const use = (stack: TestStack) => ({ db, api } = stack);
const roles = [null, ...ROLES];
const userWith = (role: Role | null, username?: string) => userWithRole({ db, api }, role, username);
/** The access of every route. A new route fails the test below until it is listed here. */
const ACCESSES: Record<Access, string[]> = {
  open: [
    'GET /metrics',
    'GET /openapi.json',
    'GET /redoc',
    'GET /redoc/redoc.standalone.js',
    'GET /health/live',
    'GET /health/ready',
    'POST /api/v1/auth/login',
    'POST /api/v1/auth/register',
    'POST /api/v1/auth/refresh',
    'POST /api/v1/auth/forgot-password',
    'POST /api/v1/auth/verify-reset-token',
    'POST /api/v1/auth/reset-password',
  ],
  user: [
    'POST /api/v1/auth/revoke',
    'POST /api/v1/auth/logout',
    'GET /api/v1/auth/me',
    'GET /api/v1/auth/sessions',
    'DELETE /api/v1/auth/sessions/:id',
    'GET /api/v1/auth/api-keys',
    'POST /api/v1/auth/api-keys',
    'DELETE /api/v1/auth/api-keys/:id',
    'GET /api/v1/users',
    'GET /api/v1/users/:user_id',
    'PATCH /api/v1/users/:user_id',
    'GET /api/v1/reddit/posts',
    'GET /api/v1/reddit/posts/:post_id',
    'GET /api/v1/reddit/posts/:post_id/comments',
    'GET /api/v1/reddit/comments',
    'GET /api/v1/reddit/posts/:post_id/tree',
    'GET /api/v1/reddit/posts/:post_id/history',
    'GET /api/v1/reddit/search',
    'POST /api/v1/reddit/comments/search',
    'POST /api/v1/reddit/posts/search',
    'GET /api/v1/reddit/subreddits/:name/stats',
    'GET /api/v1/reddit/budget',
  ],
  viewer: [
    'GET /api/v1/tasks/configs',
    'GET /api/v1/tasks/configs/:id',
    'GET /api/v1/tasks/configs/:id/next-runs',
    'POST /api/v1/tasks/configs/preview-schedule',
    'GET /api/v1/tasks/schedules',
    'GET /api/v1/tasks/schedules/summary',
    'GET /api/v1/tasks/schedules/:id',
    'GET /api/v1/tasks/schedules/:id/history',
    'GET /api/v1/tasks/executions/by-config/:id',
    'GET /api/v1/tasks/executions/configs/:id',
    'GET /api/v1/tasks/executions/recent',
    'GET /api/v1/tasks/executions/failed',
    'GET /api/v1/tasks/executions/stats',
    'GET /api/v1/tasks/executions/:id/stats',
    'GET /api/v1/tasks/executions/:id',
    'GET /api/v1/tasks/types',
    'GET /api/v1/tasks/executions/:id/progress',
    'POST /api/v1/tasks/configs/estimate',
    'GET /api/v1/exports',
    'GET /api/v1/exports/:id',
    'GET /api/v1/exports/:id/download',
    'GET /api/v1/tasks/system/status',
    'GET /api/v1/tasks/system/health',
    'GET /api/v1/tasks/system/enums',
    'GET /api/v1/tasks/system/dashboard',
  ],
  operator: [
    'POST /api/v1/tasks/schedules/batch/:action',
    'POST /api/v1/tasks/schedules/:id/:action',
    'DELETE /api/v1/tasks/schedules/:id',
    'POST /api/v1/tasks/execute/batch',
    'POST /api/v1/tasks/execute/by-type/:type',
    'POST /api/v1/tasks/execute/:id',
    'POST /api/v1/tasks/executions/:id/retry',
    'POST /api/v1/tasks/executions/:id/cancel',
    'POST /api/v1/tasks/executions/:id/terminate',
  ],
  admin: [
    'POST /api/v1/tasks/configs',
    'PUT /api/v1/tasks/configs/:id',
    'PATCH /api/v1/tasks/configs/:id',
    'DELETE /api/v1/tasks/configs/:id',
    'DELETE /api/v1/tasks/executions/cleanup',
    'DELETE /api/v1/exports/:id',
    'POST /api/v1/users',
    'DELETE /api/v1/users/:user_id',
    'GET /api/v1/audit-log',
    'POST /api/v1/reddit/budget/reset',
  ],
};
const SESSION_ONLY = [
  'POST /api/v1/auth/revoke',
  'POST /api/v1/auth/logout',
  'GET /api/v1/auth/sessions',
  'DELETE /api/v1/auth/sessions/:id',
  'POST /api/v1/auth/api-keys',
  'DELETE /api/v1/auth/api-keys/:id',
  'DELETE /api/v1/users/:user_id',
];
const SESSION_ENDS = ['POST /api/v1/auth/revoke', 'POST /api/v1/auth/logout'];
const guarded = (Object.entries(ACCESSES) as [Access, string[]][]).flatMap(([access, routes]) =>
  access === 'open' ? [] : routes.map((route) => ({ access, route })),
);
function call(ask: TestApi['root'], route: string, ownId: number) {
  const [method = '', path = ''] = route.split(' ');
  const target = path
    .replace(':user_id', String(ownId))
    .replace(':action', 'stop')
    .replace(':type', 'NO_SUCH_TYPE')
    .replace(/:\w+/, '999999');
  return ask(method as 'GET', target, method === 'GET' ? undefined : {});
}

interface Operation {
  description?: string;
  security?: object[];
  responses: Record<string, { description: string }>;
}
type Paths = Record<string, Record<string, Operation>>;

function operationOf(paths: Paths, route: string): Operation {
  const [method = '', path = ''] = route.split(' ');
  const operation = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  if (!operation) throw new Error(`The document has no ${route}`);
  return operation;
}

const SCOPES_OF: Partial<Record<Access, string[]>> = { viewer: ['read'], operator: ['operate'], admin: ['admin'] };
/** The scopes that the document names for a route: a key of the scope admin may change users. */
const scopesOf = (access: Access, route: string) =>
  route.startsWith('PATCH /api/v1/users') ? ['admin'] : (SCOPES_OF[access] ?? []);

describe('the access of routes', () => {
  useTestApi('file', use);

  test('is listed here for every route', () => {
    const found = [...api.app.accessByRoute].filter(([route]) => !/^HEAD | (\/docs|\*)/.test(route));
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(
        (Object.entries(ACCESSES) as [Access, string[]][]).flatMap(([access, routes]) =>
          routes.map((route) => [route, access]),
        ),
      ),
    );
    for (const [route, access] of api.app.accessByRoute)
      if (route.startsWith('HEAD /api'))
        expect([route, access]).toEqual([route, api.app.accessByRoute.get(route.replace('HEAD', 'GET'))]);
  });

  test('is documented: role, scope, and the meaning of a refusal', async () => {
    const { paths } = (await createOpenapiDocument()) as { paths: Paths };
    for (const { access, route } of guarded) {
      const operation = operationOf(paths, route);
      const names = { bearer: access === 'user' ? [] : [access], apiKey: scopesOf(access, route) };
      expect([route, operation.security]).toEqual([
        route,
        SESSION_ONLY.includes(route)
          ? [{ bearer: names.bearer }]
          : [{ bearer: names.bearer }, { apiKey: names.apiKey }],
      ]);
      const needs = access === 'user' ? 'Every signed-in user may' : `Needs the role ${access}`;
      expect(operation.description?.split(needs)).toHaveLength(2);
      expect(operation.responses['403']?.description).toContain(needs);
    }
  });

  test.each(roles)('grants the role %s its routes, and no more', async (role) => {
    let { id, ask } = await userWith(role);
    for (const { access, route } of guarded) {
      const { status, body } = await call(ask, route, id);
      if (SESSION_ENDS.includes(route)) ({ id, ask } = await userWith(role));
      if (mayAccess(role, access))
        expect([route, [401, 403, 500].includes(status), status]).toEqual([route, false, status]);
      else expect([route, status, body]).toEqual([route, 403, FORBIDDEN.body]);
    }
  });

  test.each(roles.flatMap((role) => SCOPES.map((scope) => [role, scope] as const)))(
    'grants a key of the role %s with the scope %s its routes, and no more',
    async (role, scope) => {
      const { id, ask } = await userWith('admin', `${role}-with-${scope}`);
      const { key } = (await ask('POST', '/auth/api-keys', { name: 'k', scope })).body;
      await db.database('users').where({ id }).update({ role });
      const left = roleThroughKey(role, scope);
      for (const { access, route } of guarded) {
        const { status, body } = await call(api.withToken(key as string), route, id);
        const isRefused =
          SESSION_ONLY.includes(route) ||
          !mayAccess(left, access) ||
          (route.startsWith('PATCH /api/v1/users') && left !== 'admin');
        if (isRefused) expect([route, status, body.detail]).toEqual([route, 403, expect.any(String)]);
        else expect([route, [401, 403, 500].includes(status), status]).toEqual([route, false, status]);
      }
    },
  );
});
