import pino from 'pino';
import { createTestApi, insertConfig, type TestStack, useTestApi } from '../../support/api-support';

let { db, temporal, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, temporal, api } = stack));

const log = async (query = '') => (await api.root('GET', `/audit-log?${query}`)).body;
const newest = async () => (await log('limit=1'))[0];

describe('an audit entry', () => {
  test('holds actor, action, target, origin and outcome', async () => {
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

  test('names the changed fields, and none of their values', async () => {
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

  test('holds the config ids and counts of a batch', async () => {
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

  test('counts a refusal that is answered with 200 as a refusal', async () => {
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

  test('remains when its actor and its target are deleted', async () => {
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

  test('does not keep a refused path, and cuts a user agent to 500 characters', async () => {
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

  test('that cannot be written is logged, and does not change the answer', async () => {
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
