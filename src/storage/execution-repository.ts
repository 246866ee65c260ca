import { TaskExecution, type FinalStatus, type TriggeredBy } from './models/task-execution';
import type { Database } from '../platform/postgres';

export interface NewExecution {
  taskId: string;
  workflowId: string;
  runId: string;
  configId: number | null;
  /** These override what the config says, and are needed where there is none. */
  taskType?: string;
  parameters?: Record<string, unknown>;
  maxRetries?: number;
  timeoutSeconds?: number | null;
  priority?: number;
  triggeredBy: TriggeredBy;
  requestedBy?: number;
  retryOf?: number;
  startedAt: Date;
}

export interface ExecutionEnd {
  status: FinalStatus;
  endedAt: Date;
  result?: Record<string, unknown> | null;
  errorMessage?: string | null;
  errorTraceback?: string | null;
}

export interface AttemptFailure {
  type: string;
  message: string;
  traceback: string | null;
  isRetryable: boolean;
}

export interface RunningExecution {
  id: number;
  workflowId: string;
  runId: string;
  batchIndex: number;
  startedAt: Date;
}

export type ExecutionRepository = ReturnType<typeof createExecutionRepository>;

/** PostgreSQL refuses NUL in text and jsonb, and a task may well bring one home. */
const toText = (text: string | null | undefined) => text?.replaceAll('\0', '') ?? null;
const toJson = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value).replaceAll('\\u0000', ''));

/**
 * The write side of executions: one row per run, one row per attempt. Everything is idempotent, because Temporal may
 * repeat any of it, and a row that has ended is never changed again. Each method is one statement.
 */
export function createExecutionRepository(database: Database) {
  const executions = TaskExecution.bindKnex(database);

  async function rowsOf<Row>(sql: string, bindings: unknown[]): Promise<Row[]> {
    const { rows } = await database.raw<{ rows: Row[] }>(sql, bindings as never);
    return rows;
  }

  return {
    /**
     * Inserts the row of a run that begins, its plan taken from the config where the request leaves it open. Repeated,
     * it answers the row that is there. `taskType` is null when neither the config nor the request names one.
     */
    async begin(execution: NewExecution): Promise<TaskExecution> {
      const [row] = await rowsOf<Record<string, unknown>>(
        `with config as (select * from (select 1) as always left join task_configs on id = ?)
         insert into task_executions (task_id, workflow_id, run_id, config_id, task_type, parameters, max_retries, timeout_seconds, priority, status, triggered_by, requested_by, retry_of, started_at)
         select ?, ?, ?, id, coalesce(?, task_type), coalesce(?::jsonb, parameters, '{}'), coalesce(?, max_retries, 0), case when ? then ?::int else timeout_seconds end, coalesce(?, priority, 5),
                'running', ?, (select id from users where id = ?), (select id from task_executions where id = ?), ?
         from config
         on conflict (workflow_id, run_id, batch_index) do update set task_id = excluded.task_id
         returning *`,
        [
          execution.configId, execution.taskId, execution.workflowId, execution.runId, execution.taskType ?? null, toJson(execution.parameters), execution.maxRetries ?? null,
          execution.timeoutSeconds !== undefined, execution.timeoutSeconds ?? null, execution.priority ?? null, execution.triggeredBy, execution.requestedBy ?? null, execution.retryOf ?? null, execution.startedAt,
        ],
      );
      return executions.fromDatabaseJson(row ?? {});
    },

    /** Inserts a batch's rows, n-th for `configIds[n-1]`, and answers all that are there, in order. A config deleted meanwhile leaves a row without task type. */
    async beginBatch(batch: { workflowId: string; runId: string; configIds: number[]; requestedBy?: number; startedAt: Date }): Promise<TaskExecution[]> {
      const rows = await rowsOf<Record<string, unknown>>(
        `with inserted as (
           insert into task_executions (task_id, workflow_id, run_id, batch_index, config_id, task_type, parameters, max_retries, timeout_seconds, priority, status, triggered_by, requested_by, started_at)
           select ? || '-' || wanted.n, ?, ?, wanted.n, c.id, c.task_type, coalesce(c.parameters, '{}'), coalesce(c.max_retries, 0), c.timeout_seconds, coalesce(c.priority, 5), 'running', 'batch', (select id from users where id = ?), ?
           from unnest(?::int[]) with ordinality as wanted(config_id, n) left join task_configs c on c.id = wanted.config_id
           on conflict (workflow_id, run_id, batch_index) do nothing returning *
         )
         select * from inserted union all select * from task_executions where workflow_id = ? and run_id = ? order by batch_index`,
        [batch.workflowId, batch.workflowId, batch.runId, batch.requestedBy ?? null, batch.startedAt, batch.configIds, batch.workflowId, batch.runId],
      );
      return rows.map((row) => executions.fromDatabaseJson(row));
    },

    async getMany(ids: number[]): Promise<TaskExecution[]> {
      return executions.query().whereIn('id', ids).orderBy('id');
    },

    /** Records that an attempt of each run begins; an older attempt that never reported its end is marked lost. Answers the ids of those still running. */
    async startAttempts(attempts: { executionId: number; attempt: number }[], worker: string, startedAt: Date): Promise<number[]> {
      const rows = await rowsOf<{ id: number }>(
        `with wanted as (select * from unnest(?::int[], ?::int[]) as w(execution_id, attempt)),
         alive as (select e.id, wanted.attempt from task_executions e join wanted on wanted.execution_id = e.id where e.status = 'running'),
         lost as (update task_attempts a set outcome = 'lost', ended_at = ? from alive where a.execution_id = alive.id and a.attempt < alive.attempt and a.outcome = 'running'),
         counted as (update task_executions e set attempt = alive.attempt from alive where e.id = alive.id and alive.attempt > 1),
         started as (
           insert into task_attempts (execution_id, attempt, worker, started_at) select id, attempt, ?, ? from alive
           on conflict (execution_id, attempt) do update set worker = excluded.worker, started_at = excluded.started_at, outcome = 'running', ended_at = null, failure = null
         )
         select id from alive`,
        [attempts.map((a) => a.executionId), attempts.map((a) => a.attempt), startedAt, worker, startedAt],
      );
      return rows.map((row) => row.id);
    },

    /** Records how an attempt ended when the run goes on without it. */
    async failAttempt(executionId: number, attempt: number, outcome: 'failed' | 'cancelled' | 'timed_out' | 'lost', failure: AttemptFailure, endedAt: Date): Promise<void> {
      await rowsOf("update task_attempts set outcome = ?, failure = ?::jsonb, ended_at = ? where execution_id = ? and attempt = ? and outcome = 'running'", [
        outcome, toJson(failure), endedAt, executionId, attempt,
      ]);
    },

    /** Ends runs and their open attempts. Answers the ids that were still running; the others stay as they are. */
    async endMany(ends: ({ executionId: number } & ExecutionEnd)[]): Promise<number[]> {
      const rows = await rowsOf<{ id: number }>(
        `with wanted as (
           select * from jsonb_to_recordset(?::jsonb) as w(id int, status text, ended_at timestamptz, result jsonb, error_message text, error_traceback text)
         ), ended as (
           update task_executions e set status = w.status, completed_at = w.ended_at, result = w.result, error_message = w.error_message, error_traceback = w.error_traceback,
                  duration_seconds = greatest(0, round(extract(epoch from w.ended_at - e.started_at), 3))
           from wanted w where e.id = w.id and e.status = 'running' returning e.id
         ), closed as (
           update task_attempts a set outcome = w.status, ended_at = w.ended_at from wanted w join ended on ended.id = w.id where a.execution_id = w.id and a.outcome = 'running'
         )
         select id from ended`,
        [toJson(ends.map((end) => ({ id: end.executionId, status: end.status, ended_at: end.endedAt, result: end.result ?? null, error_message: toText(end.errorMessage), error_traceback: toText(end.errorTraceback) })))],
      );
      return rows.map((row) => row.id);
    },

    /** False when the run had ended before. */
    async end(executionId: number, end: ExecutionEnd): Promise<boolean> {
      return (await this.endMany([{ executionId, ...end }])).length > 0;
    },

    /** Asks a run inside a batch to stop; its worker looks within a second. False when it is not running. */
    async requestCancel(executionId: number, now = new Date()): Promise<boolean> {
      return (await executions.query().where({ id: executionId, status: 'running' }).patch({ cancelRequestedAt: now })) > 0;
    },

    /** Which of these runs should stop: cancelled by somebody, or ended from outside (terminated). */
    async findStopped(executionIds: number[]): Promise<number[]> {
      const rows = await rowsOf<{ id: number }>("select id from task_executions where id = any(?::int[]) and (cancel_requested_at is not null or status <> 'running')", [executionIds]);
      return rows.map((row) => row.id);
    },

    /** Rows that claim to be running, oldest id first. */
    async listRunning(query: { startedBefore: Date; limit: number; afterId?: number }): Promise<RunningExecution[]> {
      return executions
        .query()
        .select('id', 'workflow_id', 'run_id', 'batch_index', 'started_at')
        .where('status', 'running')
        .where('started_at', '<', query.startedBefore)
        .where('id', '>', query.afterId ?? 0)
        .orderBy('id')
        .limit(query.limit);
    },

    /** Which of these workflow runs have no row. */
    async findMissing(runs: { workflowId: string; runId: string }[]): Promise<{ workflowId: string; runId: string }[]> {
      return rowsOf<{ workflowId: string; runId: string }>(
        `select w.workflow_id as "workflowId", w.run_id as "runId" from unnest(?::text[], ?::text[]) as w(workflow_id, run_id)
         where not exists (select 1 from task_executions e where e.workflow_id = w.workflow_id and e.run_id = w.run_id)`,
        [runs.map((run) => run.workflowId), runs.map((run) => run.runId)],
      );
    },
  };
}
