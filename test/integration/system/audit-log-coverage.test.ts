import { once } from 'node:events';
import net from 'node:net';
import { createOpenapiDocument } from '../../../src/api/openapi/openapi-document';
import { waitFor } from '../../support/process';
import { createTestApi, insertConfig, PASSWORD, type TestStack, useTestApi } from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack));

const log = async (query = '') => (await api.root('GET', `/audit-log?${query}`)).body;
const newest = async () => (await log('limit=1'))[0];

describe('every route that changes something', () => {
  test('names its audit action in the document', async () => {
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
      'post /api/v1/reddit/posts/search',
    ]);
  });

  test('is recorded when an admin uses it, and when another user is refused', async () => {
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

  test('is not recorded without authentication, nor when it only reads', async () => {
    const before = (await newest())?.id;
    expect((await api.anonymous('POST', '/tasks/configs', { name: 'x' })).status).toBe(401);
    expect((await api.withToken('no.good.token')('DELETE', '/tasks/configs/1')).status).toBe(401);
    expect((await api.root('GET', '/tasks/configs')).status).toBe(200);
    expect((await api.root('POST', '/tasks/configs/preview-schedule', { scheduler_type: 'manual' })).status).toBe(200);
    expect((await newest())?.id).toBe(before);
  });
});

describe('a request without a valid token', () => {
  test('has no actor, even with a forged token', async () => {
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

  test('leaves an entry for a failed login, and none when it names no user', async () => {
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

  test('differs from one of an inactive user, who is the actor', async () => {
    const id = await insertConfig(db.database);
    expect((await api.idle('DELETE', `/tasks/configs/${id}`)).status).toBe(403);
    expect(await newest()).toMatchObject({ action: 'config.delete', actor_id: api.userIds[2], status: 403 });
  });
});

describe('a client that closes its connection', () => {
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

  test('after its request was read leaves an entry with its address', async () => {
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

  test('before its request was read changes nothing, or leaves an entry', async () => {
    const { own, sendDelete } = await listen();
    const ids = await Promise.all(Array.from({ length: 10 }, () => insertConfig(db.database)));
    for (const id of ids) (await sendDelete(id)).resetAndDestroy();
    for (const id of ids)
      await waitFor(async () => (await isThere(id)) === ((await entriesOf(id)).length === 0), 5_000);
    await own.close();
    for (const id of ids) expect([id, (await entriesOf(id)).length]).toEqual([id, (await isThere(id)) ? 0 : 1]);
  });
});
