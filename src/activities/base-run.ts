import type { Client } from '@temporalio/client';
import type { WorkflowRun } from '../storage/executions/workflow-run';

/**
 * The id of the run that was reset to begin this one. Temporal copies its history up to a failed workflow task, which
 * names both. Undefined where the history does not tell.
 */
export async function findBaseRun(client: Client, { workflowId, runId }: WorkflowRun): Promise<string | undefined> {
  const { events = [] } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const reset = (events ?? []).find(
    ({ workflowTaskFailedEventAttributes: failed }) => failed?.newRunId === runId && failed.baseRunId,
  );
  return reset?.workflowTaskFailedEventAttributes?.baseRunId ?? undefined;
}
