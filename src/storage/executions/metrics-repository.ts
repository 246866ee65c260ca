import type { Database } from '../../platform/postgres/postgres';
import type { FinalStatus } from './task-execution';

export interface EndedCount {
  taskType: string | null;
  outcome: FinalStatus;
  total: number;
  seconds: number;
}
/** Of the runs of schedules that have begun: `buckets[n]` were later than the n-th bound, and not than the next. */
export interface Lateness {
  buckets: number[];
  seconds: number;
}
export interface RunningCount {
  taskType: string | null;
  total: number;
}
export interface PoolState {
  used: number;
  free: number;
  waiting: number;
  max: number;
}

/** What tarn, knex's pool, tells of itself; knex leaves it untyped. */
interface Pool {
  max: number;
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

export type MetricsRepository = ReturnType<typeof createMetricsRepository>;

/** Counts that cost the same however long the history is. */
export function createMetricsRepository(database: Database) {
  const pool = (database.client as { pool: Pool }).pool;

  return {
    /** Runs that ended in after ≤ time < before. */
    async countEnded(after: Date, before: Date): Promise<EndedCount[]> {
      const { rows } = await database.raw<{ rows: EndedCount[] }>(
        `select task_type as "taskType", status as outcome, count(*) as total, coalesce(sum(duration_seconds), 0) as seconds
         from task_executions where completed_at >= ? and completed_at < ? and status <> 'running' group by 1, 2`,
        [after, before],
      );
      return rows;
    },

    /** How late schedules started what began in after ≤ time < before, by bounds in ascending order. */
    async countLateness(after: Date, before: Date, boundSeconds: readonly number[]): Promise<Lateness> {
      const { rows } = await database.raw<{ rows: { bucket: number; total: number; seconds: number }[] }>(
        `select width_bucket(late.seconds, ?::float8[]) as bucket, count(*) as total, sum(late.seconds) as seconds
         from task_executions e, lateral (select greatest(0, extract(epoch from e.started_at - e.scheduled_at))::float8 as seconds) late
         where e.started_at >= ? and e.started_at < ? and e.scheduled_at is not null group by 1`,
        [[...boundSeconds], after, before],
      );
      const buckets = Array.from(
        { length: boundSeconds.length + 1 },
        (_, n) => rows.find(({ bucket }) => bucket === n)?.total ?? 0,
      );
      return { buckets, seconds: rows.reduce((sum, row) => sum + row.seconds, 0) };
    },

    async countRunning(): Promise<RunningCount[]> {
      const { rows } = await database.raw<{ rows: RunningCount[] }>(
        `select task_type as "taskType", count(*) as total from task_executions where status = 'running' group by 1`,
      );
      return rows;
    },

    pool: (): PoolState => ({
      used: pool.numUsed(),
      free: pool.numFree(),
      waiting: pool.numPendingAcquires(),
      max: pool.max,
    }),
  };
}
