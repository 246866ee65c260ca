import { insertConfig } from '../../support/api-support';
import { useRunApi, type RunApi } from '../../support/run-support';

let db: RunApi['db'];
let api: RunApi['api'];

const { ended, createSleeper } = useRunApi((stack) => {
  ({ db, api } = stack);
});

describe('running a batch', () => {
  test('submits the configs that can run, and names the others', async () => {
    const [short, long, gone] = [
      await insertConfig(db.database, { task_type: 'HEALTH_CHECK' }),
      await createSleeper(0),
      await insertConfig(db.database, { task_type: 'REMOVED_TYPE' }),
    ];
    const { status, body } = await api.root('POST', '/tasks/execute/batch', {
      config_ids: [short, 999_999, long, gone, short],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      total_submitted: 3,
      config_ids: [short, long, short],
      total_failed: 2,
      failed: [
        { id: 999_999, error: expect.any(String) },
        { id: gone, error: expect.any(String) },
      ],
      status: 'submitted',
    });
    const executions = await Promise.all(body.task_ids.map(ended));
    expect(executions.map((execution) => [execution.config_id, execution.status, execution.triggered_by])).toEqual([
      [short, 'succeeded', 'batch'],
      [long, 'succeeded', 'batch'],
      [short, 'succeeded', 'batch'],
    ]);
  });

  test('starts nothing when no config can run', async () => {
    expect((await api.root('POST', '/tasks/execute/batch', { config_ids: [999_999] })).body).toMatchObject({
      task_ids: [],
      total_submitted: 0,
      total_failed: 1,
    });
  });

  test('runs once for an idempotency key, and answers as before', async () => {
    const id = await insertConfig(db.database, { task_type: 'HEALTH_CHECK' });
    const send = async (config_ids: number[]) =>
      (await api.root('POST', '/tasks/execute/batch', { config_ids }, { 'idempotency-key': 'batch-key' })).body;
    const first = await send([id, id]);
    expect(await send([id, id])).toEqual(first);
    await ended(first.task_ids[1]);
    expect(await db.database('task_executions').where({ config_id: id })).toHaveLength(2);
    expect(
      await api.root('POST', '/tasks/execute/batch', { config_ids: [id] }, { 'idempotency-key': 'batch-key' }),
    ).toMatchObject({ status: 409, body: { detail: expect.stringContaining('Idempotency-Key') } });
  });

  test('answers a repetition as before, whatever has become of its configs', async () => {
    const [kept, deleted] = [
      await insertConfig(db.database, { task_type: 'HEALTH_CHECK' }),
      await insertConfig(db.database, { task_type: 'HEALTH_CHECK' }),
    ];
    for (const config_ids of [[kept, deleted, 999_999], [deleted]]) {
      const send = async () =>
        (
          await api.root(
            'POST',
            '/tasks/execute/batch',
            { config_ids },
            { 'idempotency-key': `repeat ${config_ids.length}` },
          )
        ).body;
      await db
        .database('task_configs')
        .insert({ id: deleted, name: 'again', task_type: 'HEALTH_CHECK', scheduler_type: 'manual' })
        .onConflict('id')
        .ignore();
      const first = await send();
      expect(first).toMatchObject({
        total_submitted: config_ids.includes(kept) ? 2 : 1,
        total_failed: config_ids.includes(kept) ? 1 : 0,
      });
      await db.database('task_configs').where({ id: deleted }).delete();
      expect(await send()).toEqual(first);
    }
  });

  test('accepts 1 to 1,000 ids', async () => {
    expect((await api.root('POST', '/tasks/execute/batch', { config_ids: [] })).body.detail).toMatchObject([
      { type: 'too_short' },
    ]);
    expect(
      (await api.root('POST', '/tasks/execute/batch', { config_ids: Array(1_001).fill(1) })).body.detail,
    ).toMatchObject([{ type: 'too_long' }]);
    expect((await api.root('POST', '/tasks/execute/batch')).body.detail).toMatchObject([
      { type: 'missing', loc: ['body'] },
    ]);
  });
});
