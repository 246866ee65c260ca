import { Context } from '@temporalio/activity';
import { findBaseRun } from './base-run';
import { currentRun } from './workflow-run';
import type { ActivityDeps } from './activity-deps';
import type { TaskExecution } from '../storage/executions/task-execution';
import type { WorkflowRun } from '../storage/executions/workflow-run';

/**
 * Finds the row of the run that an activity belongs to. After a reset, the history that the workflow replays still
 * names the row of the run that was reset.
 */
export function createRunRows({ executions, workerIdentity }: Pick<ActivityDeps, 'executions' | 'workerIdentity'>) {
  const continueReset = (run: WorkflowRun, earlier: TaskExecution) =>
    executions.continueReset(run, earlier, { worker: workerIdentity });

  /** The row of the run that was reset to begin this one; the newest other one where Temporal does not tell. */
  async function findReset(run: WorkflowRun, batchIndex = 0): Promise<TaskExecution | undefined> {
    const runId = await findBaseRun(Context.current().client, run);
    const base = runId && (await executions.findOfRun({ ...run, runId }, batchIndex));
    return base || executions.findEarlier(run, batchIndex);
  }

  return {
    continueReset,
    findReset,

    /**
     * The row for the work of a child workflow, which is told the row of the run that started it. When that run is
     * reset, Temporal keeps the child, and it works for the new run.
     */
    async ofParent(row: TaskExecution): Promise<TaskExecution> {
      const { runId, raw } = await Context.current().client.workflow.getHandle(row.workflowId).describe();
      const isReset = runId !== row.runId && raw.workflowExecutionInfo?.firstRunId !== runId;
      return isReset ? continueReset({ workflowId: row.workflowId, runId }, row) : row;
    },

    /** The present run's own row for the one that its history names. The first step after a reset inserts it. */
    async own(executionId: number): Promise<TaskExecution | undefined> {
      const run = currentRun();
      const [named] = await executions.getMany([executionId]);
      if (!named || named.runId === run.runId) return named;
      const known = await executions.findOfRun(run, named.batchIndex);
      if (known) return known;
      return continueReset(run, (await findReset(run, named.batchIndex)) ?? named);
    },
  };
}
