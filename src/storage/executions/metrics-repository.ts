import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { FinalStatus } from './task-execution';

export interface EndedCount {
  taskType: string | null;
  outcome: FinalStatus;
  total: number;
  seconds: number;
}
/** `buckets[n]` has the runs from the n-th bound up to, not including, the next; `buckets[0]` those below the first. */
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

/** The state of tarn, knex's pool, which knex leaves untyped. */
interface Pool {
  max: number;
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

export type MetricsRepository = ReturnType<typeof createMetricsRepository>;

/** Counts whose cost does not grow with the history. */
export function createMetricsRepository(database: Database) {
  const pool = (database.client as { pool: Pool }).pool;

  return {
    /** Runs that ended in after ≤ time < before. */
    async countEnded(after: Date, before: Date): Promise<EndedCount[]> {
      return rows<EndedCount>(
        database,
        `select task_type as "taskType", status as outcome, count(*) as total,
           coalesce(sum(duration_seconds), 0) as seconds
         from task_executions
         where completed_at >= :after and completed_at < :before and status <> 'running' group by 1, 2`,
        { after, before },
      );
    },

    /** How late due runs began that began in after ≤ time < before. The bounds ascend. */
    async countLateness(after: Date, before: Date, boundSeconds: readonly number[]): Promise<Lateness> {
      const found = await rows<{ bucket: number; total: number; seconds: number }>(
        database,
        `select width_bucket(late.seconds, :boundSeconds::float8[]) as bucket, count(*) as total,
           sum(late.seconds) as seconds
         from task_executions e,
           lateral (select greatest(0, extract(epoch from e.started_at - e.scheduled_at))::float8 as seconds) late
         where e.started_at >= :after and e.started_at < :before
           and e.scheduled_at is not null and e.triggered_by = 'schedule'
         group by 1`,
        { boundSeconds, after, before },
      );
      const buckets = Array.from(
        { length: boundSeconds.length + 1 },
        (_, n) => found.find(({ bucket }) => bucket === n)?.total ?? 0,
      );
      return { buckets, seconds: found.reduce((sum, row) => sum + row.seconds, 0) };
    },

    async countRunning(): Promise<RunningCount[]> {
      return rows<RunningCount>(
        database,
        `select task_type as "taskType", count(*) as total from task_executions where status = 'running' group by 1`,
      );
    },

    pool: (): PoolState => ({
      used: pool.numUsed(),
      free: pool.numFree(),
      waiting: pool.numPendingAcquires(),
      max: pool.max,
    }),
  };
}
