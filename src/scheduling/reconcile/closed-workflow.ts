import { WorkflowFailedError, WorkflowNotFoundError, type WorkflowClient } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ExecutionEnd } from '../../storage/executions/execution-ends';
import type { FinalStatus } from '../../storage/executions/task-execution';
import type { WorkflowRun } from '../../storage/executions/workflow-run';
import type * as workflows from '../../workflows';

const STATUSES: Record<string, FinalStatus | undefined> = {
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed_out',
};

/** Whether a reset began the run: it goes on under the id of the run that was first. */
export async function isReset(client: WorkflowClient, { workflowId, runId }: WorkflowRun): Promise<boolean> {
  try {
    const { raw } = await client.getHandle(workflowId, runId).describe();
    const firstRunId = raw.workflowExecutionInfo?.firstRunId;
    return Boolean(firstRunId) && firstRunId !== runId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** How the row of a closed workflow should end; null while the workflow is still open. */
export async function endOfWorkflow(
  client: WorkflowClient,
  { workflowId, runId }: WorkflowRun,
): Promise<ExecutionEnd | null> {
  const handle = client.getHandle<typeof workflows.runTask>(workflowId, runId, { followRuns: false });
  try {
    const { status, type, closeTime } = await handle.describe();
    const endedAt = closeTime ?? new Date();
    if (status.name === 'COMPLETED' && type === ('runTask' satisfies keyof typeof workflows)) {
      const result = await handle.result();
      return { status: 'succeeded', endedAt, result: result ? { return_value: result } : null };
    }
    if (status.name === 'COMPLETED')
      return { status: 'failed', endedAt, errorMessage: 'Its workflow completed without recording how this run ended' };
    const final = STATUSES[status.name];
    return final ? { endedAt, ...(await failureOf(() => handle.result(), final)) } : null;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { status: 'failed', endedAt: new Date(), errorMessage: 'Its workflow is no longer known to Temporal' };
  }
}

async function failureOf(
  result: () => Promise<unknown>,
  status: FinalStatus,
): Promise<Pick<ExecutionEnd, 'status' | 'errorMessage'>> {
  try {
    await result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    // A run that used up its own time fails its workflow with this type.
    const isTimeLimit = error.cause instanceof ApplicationFailure && error.cause.type === 'TimedOut';
    return { status: isTimeLimit ? 'timed_out' : status, errorMessage: error.cause?.message ?? error.message };
  }
  return { status };
}
