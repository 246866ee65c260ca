import { mayAccess, roleThroughKey, ROLES, SCOPES, type Access } from '../../../src/api/access-levels';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { insertConfig, insertExecution, type TestApi, type TestStack, useTestApi } from '../../support/api-support';
import { taskTypes } from '../../../src/tasks/registry';
import type { Role } from '../../../src/storage/accounts/user';

let { db, api } = {} as TestStack;
const use = (stack: TestStack) => ({ db, api } = stack);

const FORBIDDEN = { status: 403, body: { detail: '权限不足' } };
const url = (index: number) => `/users/${api.userIds[index]}`;
const roles = [null, ...ROLES];

/** A user with a role, signed in now. */
async function userWith(role: Role | null, username = `the-${role ?? 'plain-one'}`) {
  await db
    .database('users')
    .insert({ username, email: `${username}@example.com`, hashed_password: 'x', role })
    .onConflict('username')
    .ignore();
  const row = await db
    .database('users')
    .where({ username })
    .first<{ id: number; session_version: number }>('id', 'session_version');
  return { id: row.id, ask: api.withToken(await api.signIn(row)) };
}

/** The choice for every route. A new one has to be put here, and so to be thought about. */
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

describe('what a route asks for', () => {
  useTestApi('file', use);

  test('is chosen for every route there is', () => {
    const found = [...api.app.accesses].filter(([route]) => !/^HEAD | (\/docs|\*)/.test(route));
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(
        (Object.entries(ACCESSES) as [Access, string[]][]).flatMap(([access, routes]) =>
          routes.map((route) => [route, access]),
        ),
      ),
    );
    for (const [route, access] of api.app.accesses)
      if (route.startsWith('HEAD /api'))
        expect([route, access]).toEqual([route, api.app.accesses.get(route.replace('HEAD', 'GET'))]);
  });

  test('is told by the document: role, scope, and what a refusal means', async () => {
    const { paths } = (await createOpenapiDocument()) as {
      paths: Record<
        string,
        Record<
          string,
          { description?: string; security?: object[]; responses: Record<string, { description: string }> }
        >
      >;
    };
    const scopeOf = { viewer: 'read', operator: 'operate', admin: 'admin' } as Record<string, string>;
    for (const { access, route } of guarded) {
      const [method = '', path = ''] = route.split(' ');
      const operation = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      const apiKey = route.startsWith('PATCH /api/v1/users') ? ['admin'] : access === 'user' ? [] : [scopeOf[access]];
      const names = { bearer: access === 'user' ? [] : [access], apiKey };
      expect([route, operation?.security]).toEqual([
        route,
        SESSION_ONLY.includes(route)
          ? [{ bearer: names.bearer }]
          : [{ bearer: names.bearer }, { apiKey: names.apiKey }],
      ]);
      const needs = access === 'user' ? 'Every signed-in user may' : `Needs the role ${access}`;
      expect(operation?.description?.split(needs)).toHaveLength(2);
      expect(operation?.responses['403']?.description).toContain(needs);
    }
  });

  test.each(roles)('is what the role %s gets, and no more', async (role) => {
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
    'is what a key of the role %s with the scope %s gets, and no more',
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

describe("a task type run with parameters of one's own", () => {
  useTestApi('file', use);

  const reserved = taskTypes.filter(({ adHocAccess }) => adHocAccess === 'admin');
  const namesOfReserved = reserved.map(({ name }) => name).sort();
  const byType = (name: string) => `/tasks/execute/by-type/${name}`;

  test("is the admin's where it deletes or reaches people: an operator is refused, and that is on record", async () => {
    const { id, ask } = await userWith('operator');
    const shipped = [
      'CLEANUP_CONTENT',
      'CLEANUP_EXECUTIONS',
      'CLEANUP_EXPORTS',
      'CLEANUP_TOKENS',
      'DATA_BACKUP',
      'DATA_EXPORT',
      'SEND_EMAIL',
    ];
    const forOperators = [
      'HEALTH_CHECK',
      'REDDIT_DELETION_SYNC',
      'REDDIT_SCRAPE',
      'TEST_FAILURE',
      'TEST_SHORT_TIMEOUT',
      'TEST_TIMEOUT',
      'TIMEOUT_MONITOR',
    ];
    expect(namesOfReserved).toEqual(expect.arrayContaining(shipped));
    expect(namesOfReserved.filter((name) => forOperators.includes(name))).toEqual([]);
    for (const { name, examples } of reserved) {
      const [task_params] = examples.accepted;
      expect([name, await ask('POST', byType(name), { task_params })]).toMatchObject([name, FORBIDDEN]);
      expect([name, await ask('POST', byType(name), { task_params: { no: 'such' }, options: 7 })]).toMatchObject([
        name,
        FORBIDDEN,
      ]);
      const entry = await db.database('audit_log').orderBy('id', 'desc').first<object>();
      expect(entry).toMatchObject({
        actor_id: id,
        action: 'execute.type',
        target_id: name,
        outcome: 'refused',
        status: 403,
      });
      expect([name, await api.root('POST', byType(name), { task_params })]).toMatchObject([name, { status: 200 }]);
    }
    expect((await ask('POST', byType('HEALTH_CHECK'), {})).status).toBe(200);
    expect((await ask('POST', byType('NO_SUCH_TYPE'), {})).status).toBe(400);
  });

  test("is refused to an admin's key of the scope operate too", async () => {
    const keyOf = async (scope: string) =>
      api.withToken((await api.root('POST', '/auth/api-keys', { name: scope, scope })).body.key as string);
    expect(await (await keyOf('operate'))('POST', byType('DATA_BACKUP'), { task_params: { keep: 1 } })).toMatchObject(
      FORBIDDEN,
    );
    expect((await (await keyOf('admin'))('POST', byType('DATA_BACKUP'), { task_params: { keep: 1 } })).status).toBe(
      200,
    );
  });

  test("is not meant by what an admin has stored: configs, alone and in batches, and retries stay the operator's", async () => {
    const { ask } = await userWith('operator');
    const configId = await insertConfig(db.database, { task_type: 'CLEANUP_TOKENS', parameters: { days_old: 7 } });
    expect((await ask('POST', `/tasks/execute/${configId}`, {})).status).toBe(200);
    expect(await ask('POST', '/tasks/execute/batch', { config_ids: [configId] })).toMatchObject({
      status: 200,
      body: { total_submitted: 1 },
    });
    for (const config_id of [configId, null]) {
      const execution = await insertExecution(db.database, {
        config_id,
        task_type: 'CLEANUP_TOKENS',
        parameters: { days_old: 7 },
        status: 'succeeded',
      });
      expect([config_id, await ask('POST', `/tasks/executions/${execution}/retry`, {})]).toMatchObject([
        config_id,
        { status: 200, body: { task_type: 'CLEANUP_TOKENS' } },
      ]);
    }
  });

  test('is told by the document and by the list of types', async () => {
    const { paths } = (await createOpenapiDocument()) as {
      paths: Record<string, { post?: { description?: string; responses: object } }>;
    };
    const operation = paths['/api/v1/tasks/execute/by-type/{type}']?.post;
    for (const name of namesOfReserved) expect(operation?.description).toContain(name);
    expect(operation?.responses).toHaveProperty('403');
    const { task_types } = (await api.root('GET', '/tasks/types')).body as {
      task_types: { name: string; ad_hoc_access: string }[];
    };
    expect(
      task_types
        .filter(({ ad_hoc_access }) => ad_hoc_access === 'admin')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(namesOfReserved);
  });
});

describe('a role', () => {
  useTestApi('test', use);

  test('is given by nobody but an admin', async () => {
    const registered = await api.anonymous('POST', '/auth/register', {
      email: 'ann@example.org',
      username: 'ann',
      password: 'a long enough one',
      role: 'admin',
      is_superuser: true,
    });
    expect(registered).toMatchObject({ status: 201, body: { role: null, is_superuser: false } });
    for (const role of roles.filter((role) => role !== 'admin')) {
      const { id, ask } = await userWith(role);
      for (const other of roles.filter((other) => other !== role))
        expect([role, other, await ask('PATCH', `/users/${id}`, { role: other })]).toMatchObject([
          role,
          other,
          FORBIDDEN,
        ]);
      expect(await ask('PATCH', `/users/${id}`, { is_superuser: true })).toMatchObject(FORBIDDEN);
      // What it is already is no change.
      expect(await ask('PATCH', `/users/${id}`, { role, is_superuser: false, age: 9 })).toMatchObject({
        status: 200,
        body: { role, age: 9 },
      });
      expect(await ask('PATCH', url(1), { role: 'viewer' })).toMatchObject(FORBIDDEN);
      expect(
        await ask('POST', '/users', {
          email: 'bob@example.org',
          username: 'bob',
          password: 'a long enough one',
          role: 'viewer',
        }),
      ).toMatchObject(FORBIDDEN);
    }
    expect(await db.database('users').where({ role: 'admin' }).pluck('username')).toEqual(['root']);
  });

  test('and is_superuser are one truth, in what is written, read and sorted by', async () => {
    const seen = [];
    for (const change of [
      { role: 'viewer' },
      { is_superuser: false },
      { is_superuser: true },
      { role: 'operator' },
      { role: 'admin' },
      { is_superuser: false },
      { role: 'admin', is_superuser: true },
      { role: null, is_superuser: false },
    ]) {
      const { status, body } = await api.root('PATCH', url(1), change);
      const row = await db.database('users').where({ id: api.userIds[1] }).first();
      expect([status, row.role, row.is_superuser]).toEqual([200, body.role, body.is_superuser]);
      seen.push([body.role, body.is_superuser]);
    }
    expect(seen).toEqual([
      ['viewer', false],
      ['viewer', false],
      ['admin', true],
      ['operator', false],
      ['admin', true],
      [null, false],
      ['admin', true],
      [null, false],
    ]);
    await expect(db.database('users').where({ id: api.userIds[1] }).update({ is_superuser: true })).rejects.toThrow(
      /is_superuser/,
    );
    await expect(db.database('users').where({ id: api.userIds[1] }).update({ role: 'king' })).rejects.toThrow(
      /users_role_check/,
    );
    await userWith('operator');
    const names = async (query: string) =>
      (await api.root('GET', `/users?${query}`)).body.map(({ username }: { username: string }) => username);
    expect((await names('sort_by=-is_superuser'))[0]).toBe('root');
    expect((await names('sort_by=role')).slice(0, 2)).toEqual(['root', 'the-operator']);
  });

  test('is given at the creation too, by either word', async () => {
    const make = (name: string, more: object) =>
      api.root('POST', '/users', {
        email: `${name}@example.org`,
        username: name,
        password: 'a long enough one',
        ...more,
      });
    expect(await make('one', { role: 'operator' })).toMatchObject({
      status: 201,
      body: { role: 'operator', is_superuser: false },
    });
    expect(await make('two', { is_superuser: true })).toMatchObject({
      status: 201,
      body: { role: 'admin', is_superuser: true },
    });
    expect(await make('three', { role: 'viewer', is_superuser: false })).toMatchObject({
      status: 201,
      body: { role: 'viewer', is_superuser: false },
    });
    expect(await make('four', {})).toMatchObject({ status: 201, body: { role: null, is_superuser: false } });
  });

  test.each([
    { role: 'admin', is_superuser: false },
    { role: 'operator', is_superuser: true },
    { role: null, is_superuser: true },
  ])('that contradicts is_superuser is refused: %j', async (rights) => {
    const before = await db.database('users').orderBy('id');
    const faults = {
      status: 422,
      body: { detail: [{ loc: ['body', 'age'] }, { type: 'value_error', loc: ['body', 'is_superuser'] }] },
    };
    expect(await api.root('PATCH', url(1), { ...rights, age: -1 })).toMatchObject(faults);
    expect(await api.root('PATCH', url(1), rights)).toMatchObject({ status: 422 });
    expect(
      await api.root('POST', '/users', {
        email: 'x@example.org',
        username: 'xyz',
        password: 'a long enough one',
        age: -1,
        ...rights,
      }),
    ).toMatchObject(faults);
    expect(await db.database('users').orderBy('id')).toEqual(before);
  });

  test('that there is not is refused', async () => {
    for (const role of ['king', 'ADMIN', '', 7])
      expect([role, await api.root('PATCH', url(1), { role })]).toMatchObject([
        role,
        { status: 422, body: { detail: [{ loc: ['body', 'role'] }] } },
      ]);
  });

  test('counts from the next request on', async () => {
    const { id, ask } = await userWith('viewer');
    expect((await ask('GET', '/tasks/configs')).status).toBe(200);
    await api.root('PATCH', `/users/${id}`, { role: null });
    expect(await ask('GET', '/tasks/configs')).toMatchObject(FORBIDDEN);
  });
});

describe('the last active admin', () => {
  useTestApi('test', use);

  const admins = () => db.database('users').where({ role: 'admin', is_active: true }).pluck('username');

  test('stays, whatever word takes the role away', async () => {
    await userWith('operator');
    await db.database('users').where({ username: 'idle' }).update({ role: 'admin' });
    for (const change of [
      { role: 'operator' },
      { role: null },
      { is_superuser: false },
      { is_active: false },
      { role: 'admin', is_active: false },
    ])
      expect([change, await api.root('PATCH', url(0), change)]).toMatchObject([
        change,
        { status: 409, body: { detail: expect.any(String) } },
      ]);
    expect(await admins()).toEqual(['root']);
    expect((await api.root('PATCH', url(0), { role: 'admin', is_superuser: true })).status).toBe(200);
  });

  test('is left when two demote each other at once', async () => {
    for (let round = 0; round < 5; round++) {
      await db.database('users').whereIn('username', ['root', 'user']).update({ role: 'admin' });
      const answers = await Promise.all([
        api.root('PATCH', url(1), { role: 'viewer' }),
        api.user('PATCH', url(0), { role: null }),
      ]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(await admins()).toHaveLength(1);
    }
  });
});

describe('the role in the database', () => {
  useTestApi('file', use);

  test('whether a user is a superuser is derived from it', async () => {
    const { database } = db;
    await expect(database('users').update({ is_superuser: true })).rejects.toThrow('can only be updated to DEFAULT');
    expect(await database('users').orderBy('id').select('username', 'role', 'is_superuser')).toEqual([
      { username: 'root', role: 'admin', is_superuser: true },
      { username: 'user', role: null, is_superuser: false },
      { username: 'idle', role: null, is_superuser: false },
    ]);
    await database('users').where({ username: 'user' }).update({ role: 'operator' });
    expect(await database('users').where({ username: 'user' }).first()).toMatchObject({ is_superuser: false });
    await database('users').where({ username: 'user' }).update({ role: 'admin' });
    expect(await database('users').where({ username: 'user' }).first()).toMatchObject({ is_superuser: true });
  });
});
