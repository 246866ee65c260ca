import type { Database } from '../platform/postgres';
import type { FinalStatus } from './models/task-execution';

export interface EndedCount {
  taskType: string | null;
  outcome: FinalStatus;
  total: number;
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

    async countRunning(): Promise<RunningCount[]> {
      const { rows } = await database.raw<{ rows: RunningCount[] }>(`select task_type as "taskType", count(*) as total from task_executions where status = 'running' group by 1`);
      return rows;
    },

    pool: (): PoolState => ({ used: pool.numUsed(), free: pool.numFree(), waiting: pool.numPendingAcquires(), max: pool.max }),
  };
}
