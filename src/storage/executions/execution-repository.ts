import { createExecutionAttempts } from './execution-attempts';
import { createExecutionBatches } from './execution-batches';
import { createExecutionBegin } from './execution-begin';
import { createExecutionEnds } from './execution-ends';
import { createExecutionResets } from './execution-resets';
import { rows } from '../sql/rows';
import { TaskExecution } from './task-execution';
import type { Database } from '../../platform/postgres/postgres';
import type { WorkflowRun } from './workflow-run';

export interface RunningExecution extends WorkflowRun {
  id: number;
  batchIndex: number;
  startedAt: Date;
}

export type ExecutionRepository = ReturnType<typeof createExecutionRepository>;

/**
 * The write side of executions: one row per run, one row per attempt. Every method is idempotent, because Temporal may
 * repeat its activity. A row that has ended is never changed again.
 */
export function createExecutionRepository(database: Database) {
  const executions = TaskExecution.bindKnex(database);

  return {
    ...createExecutionBegin(database),
    ...createExecutionAttempts(database),
    ...createExecutionEnds(database),
    ...createExecutionBatches(database),
    ...createExecutionResets(database),

    async getMany(ids: number[]): Promise<TaskExecution[]> {
      return executions.query().whereIn('id', ids).orderBy('id');
    },

    /** Rows whose status is running, in ascending order of ids. */
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

    /** Those of the workflow runs that have no row. */
    async findMissing(runs: WorkflowRun[]): Promise<WorkflowRun[]> {
      return rows<WorkflowRun>(
        database,
        `select w.workflow_id as "workflowId", w.run_id as "runId"
         from unnest(:workflowIds::text[], :runIds::text[]) as w(workflow_id, run_id)
         where not exists (
           select 1 from task_executions e where e.workflow_id = w.workflow_id and e.run_id = w.run_id
         )`,
        { workflowIds: runs.map((run) => run.workflowId), runIds: runs.map((run) => run.runId) },
      );
    },
  };
}
