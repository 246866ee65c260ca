import { CANCELLED } from '../../shared/run-outcomes';
import { TaskExecution } from './task-execution';
import { rows } from '../sql/rows';
import { createExecutionEnds, type ExecutionEnd } from './execution-ends';
import type { TriggeredBy } from '../../shared/triggers';
import type { Database } from '../../platform/postgres/postgres';

export interface NewBatch {
  workflowId: string;
  runId: string;
  /** The n-th run is of `configIds[n-1]`. */
  configIds: number[];
  /** Task types that run as child workflows. The child inserts the row of its run, so none is inserted here. */
  childWorkflowTypes: string[];
  triggeredBy: TriggeredBy;
  requestedBy?: number;
  startedAt: Date;
}

export interface BatchItem {
  /** Counted from 1. */
  n: number;
  /** Null where the run is a child workflow. */
  executionId: number | null;
  isRunning: boolean;
  configId: number | null;
  configName: string | null;
  taskType: string | null;
  priority: number | null;
}

const BEGIN = `
  with wanted as (
    select w.n, c.*
    from unnest(:configIds::int[]) with ordinality as w(config_id, n) left join task_configs c on c.id = w.config_id
  ),
  inserted as (
    insert into task_executions (
      task_id, workflow_id, run_id, batch_index, config_id, config_name, task_type, parameters,
      max_retries, timeout_seconds, priority, status, triggered_by,
      requested_by, retry_of, started_at
    )
    select
      :workflowId::text || '-' || n, :workflowId, :runId, n, id, name, task_type, coalesce(parameters, '{}'),
      coalesce(max_retries, 0), timeout_seconds, coalesce(priority, 5), 'running', :triggeredBy,
      (select id from users where id = :requestedBy),
      (
        select max(e.id) from task_executions e
        where e.workflow_id = :workflowId and e.run_id <> :runId and e.batch_index = n
      ), :startedAt
    from wanted where task_type is null or task_type <> all(:childWorkflowTypes::text[])
    on conflict (workflow_id, run_id, batch_index) do nothing returning id, batch_index
  )
  select wanted.n, coalesce(inserted.id, e.id) as "executionId",
    coalesce(e.status, 'running') = 'running' as "isRunning", wanted.id as "configId",
    wanted.name as "configName", wanted.task_type as "taskType", wanted.priority
  from wanted
    left join inserted on inserted.batch_index = wanted.n
    left join task_executions e on e.workflow_id = :workflowId and e.run_id = :runId and e.batch_index = wanted.n
  order by wanted.n`;

const COUNT = `
  select count(*) as total, count(*) filter (where status = 'succeeded') as succeeded
  from task_executions where workflow_id = :workflowId and run_id = :runId`;

// A deferred attempt is still running, and has a failure: the reason of its wait.
const REQUEST_CANCELLATION = `
  with stopped as (
    update task_executions e set cancel_requested_at = :now where id = :executionId and status = 'running'
    returning id, not exists (
      select 1 from task_attempts a where a.execution_id = e.id and a.outcome = 'running' and a.failure is null
    ) as is_waiting
  )
  select is_waiting as "isWaiting" from stopped`;

export function createExecutionBatches(database: Database) {
  const executions = TaskExecution.bindKnex(database);
  const ends = createExecutionEnds(database);

  return {
    /** Inserts the rows of a batch, once, however often it is called. Returns the whole batch in order. */
    async beginBatch({ requestedBy, ...batch }: NewBatch): Promise<BatchItem[]> {
      return rows<BatchItem>(database, BEGIN, { ...batch, requestedBy: requestedBy ?? null });
    },

    /** Ends the runs of a batch that are still running. Returns how many there were. */
    async endBatch(workflowId: string, runId: string, batchEnd: ExecutionEnd): Promise<number> {
      const running = await executions
        .query()
        .select('id')
        .where({ workflow_id: workflowId, run_id: runId, status: 'running' });
      return (await ends.endMany(running.map(({ id }) => ({ executionId: id, ...batchEnd })))).length;
    },

    /** Ends the rows of the batch's earlier runs: a reset has terminated them. */
    async endResetBatch(workflowId: string, runId: string): Promise<void> {
      const running = await executions
        .query()
        .select('id')
        .where({ workflow_id: workflowId, status: 'running' })
        .whereNot('run_id', runId);
      const end: ExecutionEnd = { status: 'terminated', endedAt: new Date(), errorMessage: 'Reset in Temporal' };
      await ends.endMany(running.map(({ id }) => ({ executionId: id, ...end })));
    },

    async countBatch(workflowId: string, runId: string): Promise<{ total: number; succeeded: number }> {
      const [row] = await rows<{ total: number; succeeded: number }>(database, COUNT, { workflowId, runId });
      return row ?? { total: 0, succeeded: 0 };
    },

    /**
     * Stops a run inside a batch. A waiting run ends at once; one at work (a few seconds at most) finishes, but gets no
     * further attempt. False when it is not running.
     */
    async cancelInBatch(executionId: number, now = new Date()): Promise<boolean> {
      const [stopped] = await rows<{ isWaiting: boolean }>(database, REQUEST_CANCELLATION, { executionId, now });
      if (stopped?.isWaiting) await ends.end(executionId, { ...CANCELLED, endedAt: now });
      return stopped !== undefined;
    },
  };
}
