import { createExecutionQueryRepository } from '../../../src/storage/executions/execution-query-repository';
import { createRetentionRepository } from '../../../src/storage/executions/retention-repository';
import { createExecutionRepository } from '../../../src/storage/executions/execution-repository';
import { createTaskConfigRepository } from '../../../src/storage/configs/task-config-repository';
import { type TestDatabase, useTestDatabase } from '../../support/test-database';
import { insertConfig, insertExecution } from '../../support/api-support';

const DAY_MS = 86_400_000;
const STATUSES = ['running', 'succeeded', 'failed', 'cancelled', 'terminated', 'timed_out'] as const;
const TYPES = ['HEALTH_CHECK', 'TEST_TIMEOUT', null];

/** mulberry32: the same draws in every run. */
function createRandom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

let db: TestDatabase;
let executions: ReturnType<typeof createExecutionRepository>;
let queries: ReturnType<typeof createExecutionQueryRepository>;
let retention: ReturnType<typeof createRetentionRepository>;
let configs: ReturnType<typeof createTaskConfigRepository>;

useTestDatabase('file', (created) => {
  db = created;
  executions = createExecutionRepository(db.database);
  queries = createExecutionQueryRepository(db.database);
  retention = createRetentionRepository(db.database);
  configs = createTaskConfigRepository(db.database);
});
beforeEach(() => db.database.raw('truncate task_executions, task_configs cascade'));

const faults = async () => (await db.database.raw<{ rows: object[] }>('select * from execution_totals_faults()')).rows;

/** The definition, over the rows themselves. */
async function countRows(startedSince: Date | null, configId?: number) {
  const { rows } = await db.database.raw<{
    rows: { taskType: string; total: number; succeeded: number; seconds: number | null }[];
  }>(
    `select coalesce(task_type, 'unknown') as "taskType", count(*) as total,
            count(*) filter (where is_success) as succeeded,
            sum(duration_seconds) filter (where is_success) as seconds
     from task_executions
     where status <> 'running' and (?::timestamptz is null or started_at >= ?) and (?::int is null or config_id = ?)
     group by 1`,
    [startedSince, startedSince, configId ?? null, configId ?? null] as never,
  );
  const sum = (field: 'total' | 'succeeded' | 'seconds') =>
    rows.reduce((subtotal, row) => subtotal + Number(row[field]), 0);
  return {
    total: sum('total'),
    succeeded: sum('succeeded'),
    averageSeconds: sum('succeeded') === 0 ? 0 : sum('seconds') / sum('succeeded'),
    byType: Object.fromEntries(rows.map((row) => [row.taskType, row.total])),
  };
}

async function expectAllEqual(configIds: number[], random: (below: number) => number): Promise<void> {
  expect(await faults()).toEqual([]);
  const times = [1, 7, 30].map((days) => new Date(Date.now() - days * DAY_MS - random(DAY_MS)));
  // Beginnings of hours and days are where an edge would be counted twice, or not at all.
  times.push(
    new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 3 * DAY_MS),
    new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 50 * 3_600_000),
  );
  const all = await queries.totalsSince(...times);
  for (const [index, time] of times.entries()) expectSame(all[index], await countRows(time));
  for (const configId of configIds) {
    for (const time of times)
      expectSame(await queries.configTotalsSince(time, configId), await countRows(time, configId));
    const { rows } = await db.database.raw<{ rows: object[] }>(
      `select count(*) as total, count(*) filter (where is_success) as succeeded,
              coalesce(avg(duration_seconds), 0)::float8 as "averageSeconds"
       from task_executions where config_id = ? and status <> 'running'`,
      [configId],
    );
    expect(await queries.configTotals(configId)).toMatchObject(rows[0] ?? {});
  }
}

function expectSame(
  actual: Awaited<ReturnType<typeof countRows>> | undefined,
  expected: Awaited<ReturnType<typeof countRows>>,
): void {
  expect(actual).toMatchObject({ total: expected.total, succeeded: expected.succeeded, byType: expected.byType });
  expect(actual?.averageSeconds).toBeCloseTo(expected.averageSeconds, 9);
}

test.each([1, 2, 3])(
  'the totals are those of the rows, whatever is done to them, by several at once (draw %p)',
  async (seed) => {
    const random = createRandom(seed);
    const configIds = await Promise.all([1, 2, 3].map(() => insertConfig(db.database)));
    const someConfig = () => [...configIds, null][random(configIds.length + 1)] ?? null;
    const startedAt = () => {
      const ago = random(40 * DAY_MS);
      const time = Date.now() - ago;
      // One in four at the first moment of an hour, where windows may begin.
      return new Date(random(4) === 0 ? Math.floor(time / 3_600_000) * 3_600_000 : time);
    };
    const runs: number[] = [];
    const some = (most: number) => Array.from({ length: 1 + random(most) }, () => runs[random(runs.length || 1)] ?? 0);

    const operations = [
      async () => {
        const status = STATUSES[random(STATUSES.length)] ?? 'running';
        const at = startedAt();
        runs.push(
          await insertExecution(db.database, {
            status,
            config_id: someConfig(),
            task_type: TYPES[random(TYPES.length)],
            started_at: at,
            created_at: at,
            ...(status === 'cancelled'
              ? { duration_seconds: null }
              : { duration_seconds: status === 'running' ? null : random(90_000) / 1_000 }),
          }),
        );
      },
      async () => {
        const row = await executions.begin({
          taskId: `t-${random(1e9)}`,
          workflowId: `w-${random(1e9)}`,
          runId: 'r',
          configId: someConfig(),
          taskType: 'HEALTH_CHECK',
          triggeredBy: 'manual',
          startedAt: startedAt(),
        });
        runs.push(row.id);
      },
      async () => {
        const ids = [...new Set(some(30))].sort((a, b) => a - b);
        await executions.endMany(
          ids.map((executionId) => ({
            executionId,
            status: random(3) === 0 ? ('failed' as const) : ('succeeded' as const),
            endedAt: new Date(),
            errorMessage: null,
          })),
        );
      },
      async () => void (await executions.cancelInBatch(some(1)[0] ?? 0)),
      async () => void (await retention.removeAll('executions', new Date(Date.now() - (20 + random(20)) * DAY_MS))),
      async () => void (await db.database('task_executions').whereIn('id', some(3)).delete()),
      // What no code does, but a person with psql might.
      async () =>
        void (await db
          .database('task_executions')
          .whereIn('id', some(2))
          .update({ task_type: TYPES[random(TYPES.length)], started_at: startedAt() })),
      async () => {
        if (random(6) > 0 || configIds.length < 2) return;
        await configs.remove(configIds.pop() ?? 0);
      },
    ];
    for (let round = 0; round < 12; round += 1) {
      // Ten concurrent statements on the same rows, as of several processes. A deadlock rolls one of them back.
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          const operate = operations[random(3) > 0 ? random(3) : random(operations.length)];
          await operate?.().catch((error: unknown) => {
            if (!/deadlock detected|violates foreign key/.test(String(error))) throw error;
          });
        }),
      );
      if (round % 4 === 3) await expectAllEqual(configIds, random);
    }
  },
);

test('while runs end concurrently, every reading equals the rows of the same snapshot', async () => {
  const ids = await Promise.all(Array.from({ length: 60 }, () => insertExecution(db.database, { status: 'running' })));
  let isOver = false;
  const ending = Promise.all(
    ids.map((executionId) => executions.end(executionId, { status: 'succeeded', endedAt: new Date() })),
  ).finally(() => (isOver = true));
  let readings = 0;
  while (!isOver) {
    expect(await faults()).toEqual([]);
    readings += 1;
  }
  await ending;
  expect(readings).toBeGreaterThan(0);
  expect((await queries.totalsSince(new Date(Date.now() - DAY_MS)))[0]).toMatchObject({ total: 60, succeeded: 60 });
});

test('a rolled-back transaction leaves the totals unchanged', async () => {
  const undo = new Error('undo');
  await expect(
    db.database.transaction(async (transaction) => {
      await insertExecution(transaction, {});
      throw undo;
    }),
  ).rejects.toBe(undo);
  expect(await faults()).toEqual([]);
  expect((await queries.totalsSince(new Date(0)))[0].total).toBe(0);
});

test('deltas are folded continuously, and do not accumulate', async () => {
  for (let n = 0; n < 100; n += 1) await insertExecution(db.database);
  const [{ count }] = (await db.database('execution_deltas').count('* as count')) as [{ count: number }];
  expect(count).toBeLessThan(50);
  expect((await queries.totalsSince(new Date(Date.now() - DAY_MS)))[0].total).toBe(100);
});

test('wrong totals are found and corrected', async () => {
  const configId = await insertConfig(db.database);
  await insertExecution(db.database, { config_id: configId });
  await db.database.raw('alter table task_executions disable trigger user');
  await insertExecution(db.database, { config_id: configId });
  await db.database.raw('alter table task_executions enable trigger user');
  // Its hour, its day, and the day of its config.
  expect(await faults()).toHaveLength(3);
  await db.database.raw('select rebuild_execution_totals()');
  expect(await faults()).toEqual([]);
  expect(await queries.configTotals(configId)).toMatchObject({ total: 2 });
});
