import { once } from 'node:events';
import net from 'node:net';
import pino from 'pino';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { createAuditRepository } from '../../../src/storage/accounts/audit-repository';
import { waitFor } from '../../support/process';
import { createTestDatabase } from '../../support/test-database';
import {
  createTestApi,
  insertConfig,
  insertExecution,
  PASSWORD,
  type TestStack,
  useTestApi,
} from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack));

const log = async (query = '') => (await api.root('GET', `/audit-log?${query}`)).body;
const newest = async () => (await log('limit=1'))[0];

test('entries that are too old are removed, the oldest first', async () => {
  const own = await createTestDatabase();
  const audit = createAuditRepository(own.database);
  const entry = {
    actorId: null,
    apiKey: null,
    action: 'x',
    targetType: 'x',
    targetId: null,
    outcome: 'succeeded',
    status: 200,
    address: '::1',
    userAgent: null,
    requestId: 'r',
    details: {},
  } as const;
  for (const year of [2003, 2001, 2002, 2004]) {
    await audit.add({ ...entry, targetId: String(year) });
    await own
      .database('audit_log')
      .where({ target_id: String(year) })
      .update({ created_at: `${year}-01-01T00:00:00Z` });
  }
  const left = async () => (await audit.list({ limit: 10 })).items.map((item) => item.targetId).sort();
  const before = new Date('2004-01-01T00:00:00Z');
  expect([await audit.removeOldest(before, 2), await left()]).toEqual([2, ['2003', '2004']]);
  expect([await audit.removeOldest(before, 2), await left()]).toEqual([1, ['2004']]);
  await own.drop();
});

describe('every route that changes something', () => {
  test('says in the document how it is recorded', async () => {
    const document = (await createOpenapiDocument()) as {
      paths: Record<string, Record<string, { 'x-audit'?: string }>>;
    };
    const changing = Object.entries(document.paths).flatMap(([route, methods]) =>
      Object.entries(methods)
        .filter(([method]) => method !== 'get')
        .map(([method, operation]) => ({ route: `${method} ${route}`, audit: operation['x-audit'] })),
    );
    expect(changing.length).toBeGreaterThan(10);
    expect(changing.filter(({ audit }) => audit === undefined).map(({ route }) => route)).toEqual([]);
    expect(changing.filter(({ audit }) => audit === 'changes nothing').map(({ route }) => route)).toEqual([
      'post /api/v1/auth/verify-reset-token',
      'post /api/v1/tasks/configs/preview-schedule',
      'post /api/v1/tasks/configs/estimate',
      'post /api/v1/reddit/comments/search',
    ]);
  });

  test('is recorded when a superuser uses it, and when another user is refused', async () => {
    const document = (await createOpenapiDocument()) as {
      paths: Record<string, Record<string, { 'x-audit'?: string }>>;
    };
    for (const [route, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const rule = operation['x-audit'];
        if (!rule || rule === 'changes nothing' || !route.startsWith('/api/v1/tasks')) continue;
        const url = route.replace('{action}', 'stop').replace('{type}', 'NO_SUCH_TYPE').replace('{id}', '999999');
        for (const caller of [api.root, api.user]) {
          const answer = await caller(method.toUpperCase() as 'POST', url, {});
          const [entry, ...others] = await log(`request_id=${String(answer.headers['x-request-id'])}`);
          expect([route, others]).toEqual([route, []]);
          expect(entry).toMatchObject({
            action: rule.replace('{action}', 'stop'),
            status: answer.status,
            actor_name: caller === api.root ? 'root' : 'user',
            outcome: answer.status < 400 ? 'succeeded' : 'refused',
          });
        }
      }
    }
  });

  test('but not when nobody is signed in, nor when it only reads', async () => {
    const before = (await newest())?.id;
    expect((await api.anonymous('POST', '/tasks/configs', { name: 'x' })).status).toBe(401);
    expect((await api.withToken('no.good.token')('DELETE', '/tasks/configs/1')).status).toBe(401);
    expect((await api.root('GET', '/tasks/configs')).status).toBe(200);
    expect((await api.root('POST', '/tasks/configs/preview-schedule', { scheduler_type: 'manual' })).status).toBe(200);
    expect((await newest())?.id).toBe(before);
  });
});

describe('who has not signed in', () => {
  test('is nobody, whatever token he makes up', async () => {
    const forged = `x.${Buffer.from(JSON.stringify({ sub: String(api.userIds[0]) })).toString('base64url')}.x`;
    expect((await api.withToken(forged)('POST', '/auth/login', { username: 'idle', password: PASSWORD })).status).toBe(
      403,
    );
    expect(await newest()).toMatchObject({
      action: 'auth.login',
      actor_id: null,
      actor_name: null,
      status: 403,
      details: { username: 'idle' },
    });
  });

  test('leaves an entry for a wrong login, and none for what names nobody', async () => {
    const before = (await newest())?.id;
    for (const [path, body] of [
      ['login', {}],
      ['login', { username: 'user' }],
      ['refresh', { refresh_token: 'x1' }],
      ['refresh', {}],
      ['reset-password', { token: 'guessed', new_password: 'a long enough one' }],
      ['register', { username: 'ann' }],
      ['forgot-password', {}],
    ] as const) {
      expect((await api.anonymous('POST', `/auth/${path}`, body)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await newest())?.id).toBe(before);
    await api.anonymous('POST', '/auth/login', { username: 'user', password: 'wrong horse' });
    expect(await newest()).toMatchObject({
      action: 'auth.login',
      actor_id: null,
      outcome: 'refused',
      status: 401,
      details: { username: 'user' },
    });
  });

  test('but whose account is inactive is somebody', async () => {
    const id = await insertConfig(db.database);
    expect((await api.idle('DELETE', `/tasks/configs/${id}`)).status).toBe(403);
    expect(await newest()).toMatchObject({ action: 'config.delete', actor_id: api.userIds[2], status: 403 });
  });
});

describe('an entry', () => {
  test('tells who did what to what, from where, and what came of it', async () => {
    const created = await api.root(
      'POST',
      '/tasks/configs',
      { name: 'audited', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual', parameters: { sleep_seconds: 1 } },
      { 'user-agent': 'a browser' },
    );
    expect(created.status).toBe(201);
    expect(await newest()).toEqual({
      id: expect.any(Number),
      timestamp: expect.stringMatching(/Z$/),
      actor_id: api.userIds[0],
      actor_name: 'root',
      api_key: null,
      action: 'config.create',
      target_type: 'task_config',
      target_id: String(created.body.id),
      outcome: 'succeeded',
      status: 201,
      address: '127.0.0.1',
      user_agent: 'a browser',
      request_id: created.headers['x-request-id'],
      details: { name: 'audited', task_type: 'TEST_TIMEOUT', scheduler_type: 'manual' },
    });
  });

  test('names the fields that were changed, and none of their values', async () => {
    const id = await insertConfig(db.database);
    await api.root('PATCH', `/tasks/configs/${id}`, { parameters: { password: 'hunter2' }, priority: 7 });
    expect(await newest()).toMatchObject({
      action: 'config.update',
      target_id: String(id),
      details: { fields: ['parameters', 'priority'] },
    });
    const { rows } = await db.database.raw<{ rows: unknown[] }>(
      "select * from audit_log where audit_log::text like '%hunter2%'",
    );
    expect(rows).toEqual([]);
  });

  test('holds what a batch was about', async () => {
    const ids = [await insertConfig(db.database), 999_999];
    await api.root('POST', '/tasks/schedules/batch/pause', { config_ids: ids });
    expect(await newest()).toMatchObject({
      action: 'schedule.pause',
      target_type: 'schedule',
      target_id: null,
      outcome: 'succeeded',
      details: { config_ids: ids, success_count: 0, failed_count: 2 },
    });
  });

  test('a refusal that is a 200 counts as one', async () => {
    const id = await insertConfig(db.database);
    expect(await api.root('POST', `/tasks/schedules/${id}/resume`)).toMatchObject({
      status: 200,
      body: { success: false },
    });
    expect(await newest()).toMatchObject({
      action: 'schedule.resume',
      target_id: String(id),
      outcome: 'refused',
      status: 200,
    });
  });

  test('outlives its actor and its target', async () => {
    const [row] = await db
      .database('users')
      .insert({ username: 'leaver', email: 'leaver@example.com', hashed_password: 'x', role: 'admin' })
      .returning<{ id: number; session_version: number }[]>(['id', 'session_version']);
    if (!row) throw new Error('no row');
    const id = await insertConfig(db.database);
    await api.withToken(await api.signIn(row))('DELETE', `/tasks/configs/${id}`);
    await db.database('users').where({ id: row?.id }).delete();
    expect(await log('actor=leaver')).toMatchObject([
      { actor_id: row?.id, actor_name: 'leaver', action: 'config.delete', target_id: String(id) },
    ]);
  });

  test('keeps nothing of a path that is refused, and of a user agent what there is room for', async () => {
    for (const [path, action] of [
      ['/tasks/execute/by-type/%00TYPE', 'execute.type'],
      ['/tasks/schedules/1/fly', 'schedule.?'],
      [`/tasks/configs/${'9'.repeat(400)}`, 'config.delete'],
    ] as const) {
      const { status } = await api.root(
        action === 'config.delete' ? 'DELETE' : 'POST',
        path,
        {},
        { 'user-agent': 'x'.repeat(2_000) },
      );
      expect(await newest()).toMatchObject({
        action,
        target_id: null,
        user_agent: 'x'.repeat(500),
        outcome: 'refused',
        status,
      });
    }
  });

  test('that cannot be written leaves the answer as it is, and goes to the log', async () => {
    const lines: string[] = [];
    const broken = await createTestApi({
      database: db.database,
      temporal,
      app: { logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) },
    });
    broken.services.audit.record = () => Promise.reject(new Error('the disk is full'));
    const id = await insertConfig(db.database);
    const answer = await broken.root('DELETE', `/tasks/configs/${id}`);
    await broken.close();
    expect(answer.status).toBe(200);
    const logged = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'audit entry not written');
    expect(logged).toMatchObject([
      {
        level: 50,
        reqId: answer.headers['x-request-id'],
        err: { message: 'the disk is full' },
        audit: { action: 'config.delete', targetId: String(id), actorId: broken.userIds[0] },
      },
    ]);
  });
});

describe('a caller who hangs up', () => {
  const listen = async () => {
    const own = await createTestApi({ database: db.database, temporal });
    const { port } = new URL(await own.app.listen({ host: '127.0.0.1', port: 0 }));
    const sendDelete = async (id: number) => {
      const socket = net.connect(Number(port), '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      await new Promise<unknown>((resolve) =>
        socket.write(
          `DELETE /api/v1/tasks/configs/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${own.tokens[0]}\r\n\r\n`,
          resolve,
        ),
      );
      return socket;
    };
    return { own, sendDelete };
  };
  const isThere = async (id: number) => (await db.database('task_configs').where({ id })).length === 1;
  const entriesOf = (id: number) =>
    db
      .database('audit_log')
      .where({ action: 'config.delete', target_id: String(id) })
      .select('address', 'outcome', 'actor_id');

  test('as soon as he was read leaves his entry, with his address', async () => {
    const { own, sendDelete } = await listen();
    const id = await insertConfig(db.database);
    const isRead = once(own.app.server, 'request');
    const socket = await sendDelete(id);
    await isRead;
    socket.resetAndDestroy();
    await waitFor(async () => !(await isThere(id)));
    await waitFor(async () => (await entriesOf(id)).length > 0);
    await own.close();
    expect(await entriesOf(id)).toEqual([{ address: '127.0.0.1', outcome: 'succeeded', actor_id: own.userIds[0] }]);
  });

  test('before he was read changes nothing, or leaves his entry', async () => {
    const { own, sendDelete } = await listen();
    const ids = await Promise.all(Array.from({ length: 10 }, () => insertConfig(db.database)));
    for (const id of ids) (await sendDelete(id)).resetAndDestroy();
    for (const id of ids)
      await waitFor(async () => (await isThere(id)) === ((await entriesOf(id)).length === 0), 5_000);
    await own.close();
    for (const id of ids) expect([id, (await entriesOf(id)).length]).toEqual([id, (await isThere(id)) ? 0 : 1]);
  });
});

describe('the list', () => {
  test('is for superusers', async () => {
    expect((await api.anonymous('GET', '/audit-log')).status).toBe(401);
    expect((await api.user('GET', '/audit-log')).status).toBe(403);
  });

  test('filters', async () => {
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

  test('goes on where the page before ended', async () => {
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
  ])('%s is refused', async (query) => {
    expect(await api.root('GET', `/audit-log?${query}`)).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['query', query.split('=')[0]] }] },
    });
  });
});
