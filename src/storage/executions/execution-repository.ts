import { TaskExecution, type FinalStatus, type TriggeredBy } from './task-execution';
import { toJson, toText } from '../sql/storable-json';
import type { Database } from '../../platform/postgres/postgres';

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
  /** When its schedule meant it to begin. */
  scheduledAt?: Date | null;
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

/** What an attempt has waited for in a row, since it last got something done. It is this attempt's alone: the next begins anew. */
export interface AttemptWaits {
  attempt: number;
  /** Times that it had to come back later. */
  waits: number;
  /** The outage it is in: since when (ISO 8601), and how often it was met. */
  outage: { since: string; met: number } | null;
}

export interface BatchItem {
  /** 1 for the first. */
  n: number;
  /** Null where the run gets a workflow of its own. */
  executionId: number | null;
  isRunning: boolean;
  configId: number | null;
  configName: string | null;
  taskType: string | null;
  priority: number | null;
}

export interface OpenedAttempt {
  executionId: number;
  attempt: number;
  /** Attempts before this one that failed; lost ones do not count. */
  failedAttempts: number;
  lostAttempts: number;
  /** Set when it goes on after a wait. */
  waited: AttemptWaits | null;
}

export interface RunningExecution {
  id: number;
  workflowId: string;
  runId: string;
  batchIndex: number;
  startedAt: Date;
}

export type ExecutionRepository = ReturnType<typeof createExecutionRepository>;

/**
 * The write side of executions: one row per run, one row per attempt. Everything is idempotent, because Temporal may
 * repeat any of it, and a row that has ended is never changed again.
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
         insert into task_executions (task_id, workflow_id, run_id, config_id, task_type, parameters, max_retries, timeout_seconds, priority, status, triggered_by, requested_by, retry_of, scheduled_at, started_at)
         select ?, ?, ?, id, coalesce(?, task_type), coalesce(?::jsonb, parameters, '{}'), coalesce(?, max_retries, 0), case when ? then ?::int else timeout_seconds end, coalesce(?, priority, 5),
                'running', ?, (select id from users where id = ?), (select id from task_executions where id = ?), ?::timestamptz, ?
         from config
         on conflict (workflow_id, run_id, batch_index) do update set task_id = excluded.task_id
         returning *`,
        [
          execution.configId,
          execution.taskId,
          execution.workflowId,
          execution.runId,
          execution.taskType ?? null,
          toJson(execution.parameters),
          execution.maxRetries ?? null,
          execution.timeoutSeconds !== undefined,
          execution.timeoutSeconds ?? null,
          execution.priority ?? null,
          execution.triggeredBy,
          execution.requestedBy ?? null,
          execution.retryOf ?? null,
          execution.scheduledAt ?? null,
          execution.startedAt,
        ],
      );
      return executions.fromDatabaseJson(row ?? {});
    },

    /**
     * Inserts the rows of a batch whose n-th run is of `configIds[n-1]` (once, however often it is called) and answers
     * the whole batch in order. A config of one of `ownWorkflowTypes` gets no row here: its own workflow will insert it.
     */
    async beginBatch(batch: {
      workflowId: string;
      runId: string;
      configIds: number[];
      ownWorkflowTypes: string[];
      requestedBy?: number;
      startedAt: Date;
    }): Promise<BatchItem[]> {
      return rowsOf<BatchItem>(
        `with wanted as (
           select w.n, c.* from unnest(?::int[]) with ordinality as w(config_id, n) left join task_configs c on c.id = w.config_id
         ), inserted as (
           insert into task_executions (task_id, workflow_id, run_id, batch_index, config_id, task_type, parameters, max_retries, timeout_seconds, priority, status, triggered_by, requested_by, started_at)
           select ?::text || '-' || n, ?, ?, n, id, task_type, coalesce(parameters, '{}'), coalesce(max_retries, 0), timeout_seconds, coalesce(priority, 5), 'running', 'batch', (select id from users where id = ?), ?
           from wanted where task_type is null or task_type <> all(?::text[])
           on conflict (workflow_id, run_id, batch_index) do nothing returning id, batch_index
         )
         select wanted.n, coalesce(inserted.id, e.id) as "executionId", coalesce(e.status, 'running') = 'running' as "isRunning",
                wanted.id as "configId", wanted.name as "configName", wanted.task_type as "taskType", wanted.priority
         from wanted left join inserted on inserted.batch_index = wanted.n
              left join task_executions e on e.workflow_id = ? and e.run_id = ? and e.batch_index = wanted.n
         order by wanted.n`,
        [
          batch.configIds,
          batch.workflowId,
          batch.workflowId,
          batch.runId,
          batch.requestedBy ?? null,
          batch.startedAt,
          batch.ownWorkflowTypes,
          batch.workflowId,
          batch.runId,
        ],
      );
    },

    /** Ends what of a batch is still running. */
    async endBatch(workflowId: string, runId: string, end: ExecutionEnd): Promise<number> {
      const running = await executions
        .query()
        .select('id')
        .where({ workflow_id: workflowId, run_id: runId, status: 'running' });
      return (await this.endMany(running.map(({ id }) => ({ executionId: id, ...end })))).length;
    },

    /** How the runs of a batch stand. */
    async countBatch(workflowId: string, runId: string): Promise<{ total: number; succeeded: number }> {
      const [row] = await rowsOf<{ total: number; succeeded: number }>(
        "select count(*) as total, count(*) filter (where status = 'succeeded') as succeeded from task_executions where workflow_id = ? and run_id = ?",
        [workflowId, runId],
      );
      return row ?? { total: 0, succeeded: 0 };
    },

    async getMany(ids: number[]): Promise<TaskExecution[]> {
      return executions.query().whereIn('id', ids).orderBy('id');
    },

    /**
     * Opens the next attempt of each run that is still running and not asked to stop. An older attempt that never
     * reported its end is marked lost: its worker died, which costs the run none of its retries. One that was deferred
     * goes on under its number.
     */
    async openAttempts(executionIds: number[], worker: string, startedAt: Date): Promise<OpenedAttempt[]> {
      return rowsOf<OpenedAttempt>(
        `with locked as (
           select id from task_executions where id = any(?::int[]) and status = 'running' and cancel_requested_at is null order by id for no key update
         ),
         resumed as (
           update task_attempts a set failure = null, worker = ? from locked
           where a.execution_id = locked.id and a.outcome = 'running' and a.failure is not null returning a.execution_id, a.attempt
         ),
         counts as (
           select e.id, coalesce(max(a.attempt), 0) as newest, count(a.attempt) filter (where a.outcome in ('failed', 'timed_out')) as failed,
                  count(a.attempt) filter (where a.outcome = 'lost' or a.outcome = 'running' and a.failure is null) as lost
           from locked e left join task_attempts a on a.execution_id = e.id group by e.id
         ),
         alive as (select id, newest + 1 as attempt from counts where id not in (select execution_id from resumed)),
         lost as (update task_attempts a set outcome = 'lost', ended_at = ? from alive where a.execution_id = alive.id and a.outcome = 'running'),
         counted as (update task_executions e set attempt = alive.attempt from alive where e.id = alive.id and alive.attempt > 1),
         opened as (insert into task_attempts (execution_id, attempt, worker, started_at) select id, attempt, ?, ? from alive)
         select counts.id as "executionId", coalesce(alive.attempt, resumed.attempt) as attempt, failed as "failedAttempts", lost as "lostAttempts",
                (select a.failure -> 'waited' from task_attempts a where a.execution_id = counts.id and a.attempt = resumed.attempt) as waited
         from counts left join alive on alive.id = counts.id left join resumed on resumed.execution_id = counts.id`,
        [executionIds, worker, startedAt, worker, startedAt],
      );
    },

    /** Leaves an attempt open that has to wait, with the reason: the run's next attempt is its continuation, and is told what it has waited for. */
    async deferAttempt(
      executionId: number,
      attempt: number,
      failure: AttemptFailure & { waited: AttemptWaits },
      at: Date,
    ): Promise<void> {
      await rowsOf(
        "update task_attempts set failure = ?::jsonb where execution_id = ? and attempt = ? and outcome = 'running'",
        [toJson({ ...failure, deferredAt: at }), executionId, attempt],
      );
    },

    /** Records how an attempt ended when the run goes on without it. */
    async failAttempt(
      executionId: number,
      attempt: number,
      outcome: 'failed' | 'cancelled' | 'timed_out' | 'lost',
      failure: AttemptFailure,
      endedAt: Date,
    ): Promise<void> {
      await rowsOf(
        "update task_attempts set outcome = ?, failure = ?::jsonb, ended_at = ? where execution_id = ? and attempt = ? and outcome = 'running'",
        [outcome, toJson(failure), endedAt, executionId, attempt],
      );
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
        [
          toJson(
            ends.map((end) => ({
              id: end.executionId,
              status: end.status,
              ended_at: end.endedAt,
              result: end.result ?? null,
              error_message: toText(end.errorMessage),
              error_traceback: toText(end.errorTraceback),
            })),
          ),
        ],
      );
      return rows.map((row) => row.id);
    },

    /** False when the run had ended before. */
    async end(executionId: number, end: ExecutionEnd): Promise<boolean> {
      return (await this.endMany([{ executionId, ...end }])).length > 0;
    },

    /**
     * Stops a run inside a batch: one that waits ends at once, one that is at work (a few seconds at most) ends as it
     * does but gets no further attempt. False when it is not running.
     */
    async cancelInBatch(executionId: number, now = new Date()): Promise<boolean> {
      const rows = await rowsOf(
        `with stopped as (
           update task_executions e set cancel_requested_at = ? where id = ? and status = 'running'
           returning id, not exists (select 1 from task_attempts a where a.execution_id = e.id and a.outcome = 'running' and a.failure is null) as is_waiting
         )
         select id, is_waiting from stopped`,
        [now, executionId],
      );
      const [stopped] = rows as { id: number; is_waiting: boolean }[];
      if (stopped?.is_waiting)
        await this.end(executionId, { status: 'cancelled', endedAt: now, errorMessage: 'Cancelled' });
      return stopped !== undefined;
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
