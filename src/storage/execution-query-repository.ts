import { BadCursorError } from './reddit-content-cursor';
import type { Database } from '../platform/postgres';
import type { ExecutionStatus, FinalStatus, TriggeredBy } from './models/task-execution';

/** A run as lists show it, beside its config's name and the newest run that repeats it. */
export interface ExecutionView {
  id: number;
  taskId: string;
  configId: number | null;
  configName: string | null;
  taskType: string | null;
  status: ExecutionStatus;
  isSuccess: boolean;
  triggeredBy: TriggeredBy;
  retryOf: number | null;
  retriedBy: number | null;
  parameters: Record<string, unknown>;
  maxRetries: number;
  timeoutSeconds: number | null;
  priority: number;
  workflowId: string;
  runId: string;
  attempt: number;
  startedAt: Date;
  completedAt: Date | null;
  durationSeconds: number | null;
  result: Record<string, unknown> | null;
  errorMessage: string | null;
  errorTraceback: string | null;
  createdAt: Date;
  /** `startedAt` in microseconds, which a Date would cut off: the key that the next page goes on from. */
  startedAtKey: string;
}

export interface AttemptView {
  attempt: number;
  outcome: string;
  worker: string;
  startedAt: Date;
  endedAt: Date | null;
  failure: Record<string, unknown> | null;
}

export interface ExecutionFilter {
  configId?: number;
  startedSince?: Date;
  /** Empty: every status. */
  statuses: ExecutionStatus[];
  limit: number;
  /** Where the page before ended. */
  cursor?: string;
}

export interface ExecutionTotals {
  total: number;
  succeeded: number;
  averageSeconds: number;
  byType: Record<string, number>;
}

export interface ConfigTotals {
  total: number;
  succeeded: number;
  averageSeconds: number;
  lastRunAt: Date | null;
  lastStatus: FinalStatus | null;
}

const LAST_INTEGER = 2_147_483_647;
const COLUMNS = `e.id, e.task_id as "taskId", e.config_id as "configId", c.name as "configName", coalesce(e.task_type, c.task_type) as "taskType",
  e.status, e.is_success as "isSuccess", e.triggered_by as "triggeredBy", e.retry_of as "retryOf",
  (select max(r.id) from task_executions r where r.retry_of = e.id) as "retriedBy",
  e.parameters, e.max_retries as "maxRetries", e.timeout_seconds as "timeoutSeconds", e.priority, e.workflow_id as "workflowId", e.run_id as "runId",
  e.attempt, e.started_at as "startedAt", e.completed_at as "completedAt", e.duration_seconds as "durationSeconds",
  e.result, e.error_message as "errorMessage", e.error_traceback as "errorTraceback", e.created_at as "createdAt",
  to_char(e.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "startedAtKey"`;
const writeCursor = (last: ExecutionView) => Buffer.from(`e:${last.startedAtKey}:${last.id}`).toString('base64url');

/** False also for what only looks like one (30 February), and for the year 0, which PostgreSQL does not have. */
function isInstant(key: string): boolean {
  const date = new Date(key);
  return !Number.isNaN(date.getTime()) && date.getUTCFullYear() > 0 && date.toISOString().slice(0, 19) === key.slice(0, 19);
}

function readCursor(cursor: string): { startedAtKey: string; id: number } {
  const match = /^e:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z):(\d{1,10})$/.exec(Buffer.from(cursor, 'base64url').toString());
  const { 1: startedAtKey = '', 2: digits } = match ?? [];
  const id = Number(digits);
  if (!isInstant(startedAtKey) || id > LAST_INTEGER) throw new BadCursorError('the cursor is not one of this list');
  return { startedAtKey, id };
}

const SOURCE = 'task_executions e left join task_configs c on c.id = e.config_id';

export type ExecutionQueryRepository = ReturnType<typeof createExecutionQueryRepository>;

/** The read side of executions. */
export function createExecutionQueryRepository(database: Database) {
  async function rowsOf<Row>(sql: string, bindings: Record<string, unknown> = {}): Promise<Row[]> {
    return (await database.raw<{ rows: Row[] }>(sql, bindings as never)).rows;
  }

  return {
    /** Newest first. */
    async list(filter: ExecutionFilter): Promise<{ items: ExecutionView[]; nextCursor: string | null }> {
      const before = filter.cursor === undefined ? undefined : readCursor(filter.cursor);
      const conditions = [
        filter.configId === undefined ? [] : ['e.config_id = :configId'],
        filter.startedSince === undefined ? [] : ['e.started_at >= :startedSince'],
        filter.statuses.length === 0 ? [] : ['e.status = any(:statuses)'],
        before === undefined ? [] : ['(e.started_at, e.id) < (cast(:beforeKey as timestamptz), :beforeId)'],
      ].flat();
      const rows = await rowsOf<ExecutionView>(`select ${COLUMNS} from ${SOURCE} where ${['true', ...conditions].join(' and ')} order by e.started_at desc, e.id desc limit :limit`, {
        configId: filter.configId,
        startedSince: filter.startedSince,
        statuses: filter.statuses,
        beforeKey: before?.startedAtKey,
        beforeId: before?.id,
        limit: filter.limit + 1,
      });
      const last = rows.length > filter.limit ? rows[filter.limit - 1] : undefined;
      return { items: rows.slice(0, filter.limit), nextCursor: last ? writeCursor(last) : null };
    },

    /** All digits: the id of a row. Anything else: a task id, of which the newest row counts. */
    async find(idOrTaskId: string): Promise<ExecutionView | undefined> {
      const isId = /^\d+$/.test(idOrTaskId);
      if (isId && Number(idOrTaskId) > LAST_INTEGER) return undefined;
      const [row] = await rowsOf<ExecutionView>(`select ${COLUMNS} from ${SOURCE} where ${isId ? 'e.id = cast(:key as int)' : 'e.task_id = :key'} order by e.id desc limit 1`, { key: idOrTaskId });
      return row;
    },

    async listAttempts(executionId: number): Promise<AttemptView[]> {
      return rowsOf('select attempt, outcome, worker, started_at as "startedAt", ended_at as "endedAt", failure from task_attempts where execution_id = :executionId order by attempt', { executionId });
    },

    /** Finished runs since then; `byType` leaves out runs without a config, which the total counts. */
    async totals(query: { startedSince: Date; configId?: number }): Promise<ExecutionTotals> {
      const groups = await rowsOf<{ taskType: string | null; total: number; succeeded: number; timed: number; seconds: number }>(
        `select case when config_id is not null then task_type end as "taskType", count(*) as total, count(*) filter (where is_success) as succeeded,
                count(duration_seconds) filter (where is_success) as timed, coalesce(sum(duration_seconds) filter (where is_success), 0) as seconds
         from task_executions
         where started_at >= :startedSince and status <> 'running' ${query.configId === undefined ? '' : 'and config_id = :configId'}
         group by 1 order by 1`,
        { startedSince: query.startedSince, configId: query.configId },
      );
      const sum = (field: 'total' | 'succeeded' | 'timed' | 'seconds') => groups.reduce((subtotal, group) => subtotal + group[field], 0);
      return {
        total: sum('total'),
        succeeded: sum('succeeded'),
        averageSeconds: sum('timed') === 0 ? 0 : sum('seconds') / sum('timed'),
        byType: Object.fromEntries(groups.flatMap((group) => (group.taskType === null ? [] : [[group.taskType, group.total]]))),
      };
    },

    /** All finished runs of a config, ever. */
    async configTotals(configId: number): Promise<ConfigTotals> {
      const [row] = await rowsOf<ConfigTotals>(
        `select count(*) as total, count(*) filter (where is_success) as succeeded, coalesce(avg(duration_seconds), 0)::float8 as "averageSeconds",
                (array_agg(completed_at order by created_at desc, id desc))[1] as "lastRunAt", (array_agg(status order by created_at desc, id desc))[1] as "lastStatus"
         from task_executions where config_id = :configId and status <> 'running'`,
        { configId },
      );
      if (!row) throw new Error('An aggregate without a row');
      return row;
    },

    /** How long the newest successful runs of a config took, in seconds. */
    async recentDurations(configId: number, runs = 10): Promise<number[]> {
      const rows = await rowsOf<{ seconds: number }>(
        `select duration_seconds as seconds from task_executions where config_id = :configId and status = 'succeeded' and duration_seconds is not null order by started_at desc, id desc limit :runs`,
        { configId, runs },
      );
      return rows.map((row) => row.seconds);
    },

    /** The same of a task type, whatever the config. */
    async recentDurationsOfType(taskType: string, runs: number): Promise<number[]> {
      const rows = await rowsOf<{ seconds: number }>(
        `select duration_seconds as seconds from task_executions where task_type = :taskType and status = 'succeeded' and duration_seconds is not null order by started_at desc limit :runs`,
        { taskType, runs },
      );
      return rows.map((row) => row.seconds);
    },

    /** Deletes finished runs that were recorded before then; answers how many. */
    async removeOlderThan(createdBefore: Date): Promise<number> {
      return database('task_executions').where('created_at', '<', createdBefore).whereNot('status', 'running').delete();
    },
  };
}
