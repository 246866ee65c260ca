import { rows } from '../sql/rows';
import { toJson } from '../sql/storable-json';
import type { Database } from '../../platform/postgres/postgres';

export interface AttemptFailure {
  type: string;
  message: string;
  traceback: string | null;
  isRetryable: boolean;
}

/**
 * What an attempt has waited for since it last made progress. It belongs to this attempt alone: the next one starts
 * with none.
 */
export interface AttemptWaits {
  attempt: number;
  /** How many times it was deferred. */
  waits: number;
  /** The present outage: since when (ISO 8601), and how often it was met. */
  outage: { since: string; met: number } | null;
}

export interface OpenedAttempt {
  executionId: number;
  attempt: number;
  /** Earlier attempts that failed; lost ones do not count. */
  failedAttempts: number;
  lostAttempts: number;
  /** Set when the attempt resumes after a wait. */
  waited: AttemptWaits | null;
}

const OPEN = `
  with locked as (
    select id from task_executions
    where id = any(:executionIds::int[]) and status = 'running' and cancel_requested_at is null
    order by id for no key update
  ),
  resumed as (
    update task_attempts a set failure = null, worker = :worker from locked
    where a.execution_id = locked.id and a.outcome = 'running' and a.failure is not null
    returning a.execution_id, a.attempt
  ),
  counts as (
    select e.id, coalesce(max(a.attempt), 0) as newest,
      count(a.attempt) filter (where a.outcome in ('failed', 'timed_out')) as failed,
      count(a.attempt) filter (where a.outcome = 'lost' or a.outcome = 'running' and a.failure is null) as lost
    from locked e left join task_attempts a on a.execution_id = e.id group by e.id
  ),
  alive as (
    select id, newest + 1 as attempt from counts where id not in (select execution_id from resumed)
  ),
  lost as (
    update task_attempts a set outcome = 'lost', ended_at = :startedAt from alive
    where a.execution_id = alive.id and a.outcome = 'running'
  ),
  counted as (
    update task_executions e set attempt = alive.attempt from alive where e.id = alive.id and alive.attempt > 1
  ),
  opened as (
    insert into task_attempts (execution_id, attempt, worker, started_at)
    select id, attempt, :worker, :startedAt from alive
  )
  select counts.id as "executionId", coalesce(alive.attempt, resumed.attempt) as attempt,
    failed as "failedAttempts", lost as "lostAttempts",
    (
      select a.failure -> 'waited' from task_attempts a
      where a.execution_id = counts.id and a.attempt = resumed.attempt
    ) as waited
  from counts
    left join alive on alive.id = counts.id
    left join resumed on resumed.execution_id = counts.id`;

export function createExecutionAttempts(database: Database) {
  return {
    /**
     * Opens the next attempt of each run that is still running and not being cancelled. An older attempt that never
     * reported its end is marked lost: its worker died, which costs the run none of its retries. A deferred attempt
     * resumes under its own number.
     */
    async openAttempts(executionIds: number[], worker: string, startedAt: Date): Promise<OpenedAttempt[]> {
      return rows<OpenedAttempt>(database, OPEN, { executionIds, worker, startedAt });
    },

    /**
     * Leaves open an attempt that has to wait, and records the reason. The run's next attempt continues it, and gets
     * the waits so far.
     */
    async deferAttempt(
      executionId: number,
      attempt: number,
      failure: AttemptFailure & { waited: AttemptWaits },
      at: Date,
    ): Promise<void> {
      await rows(
        database,
        `update task_attempts set failure = :failure::jsonb
         where execution_id = :executionId and attempt = :attempt and outcome = 'running'`,
        { executionId, attempt, failure: toJson({ ...failure, deferredAt: at }) },
      );
    },

    /** Records how an attempt ended after which the run goes on. */
    async failAttempt(
      executionId: number,
      attempt: number,
      outcome: 'failed' | 'cancelled' | 'timed_out' | 'lost',
      failure: AttemptFailure,
      endedAt: Date,
    ): Promise<void> {
      await rows(
        database,
        `update task_attempts set outcome = :outcome, failure = :failure::jsonb, ended_at = :endedAt
         where execution_id = :executionId and attempt = :attempt and outcome = 'running'`,
        { executionId, attempt, outcome, failure: toJson(failure), endedAt },
      );
    },
  };
}
