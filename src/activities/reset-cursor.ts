import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityDeps } from './activity-deps';
import type { TaskExecution } from '../storage/executions/task-execution';
import type { WorkflowRun } from '../storage/executions/workflow-run';

/** The last cursor of the run that was reset; undefined if it had none, or has succeeded. */
export async function findResetCursor(
  client: Client,
  { executions }: Pick<ActivityDeps, 'executions'>,
  { triggeredBy, retryOf }: TaskExecution,
): Promise<unknown> {
  if (triggeredBy !== 'reset' || retryOf === null) return undefined;
  const [earlier] = await executions.getMany([retryOf]);
  return earlier && earlier.status !== 'succeeded' ? lastHeartbeat(client, earlier) : undefined;
}

/** Temporal keeps the heartbeats of the activities that a closed workflow had open. */
async function lastHeartbeat(client: Client, { workflowId, runId }: WorkflowRun): Promise<unknown> {
  try {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const activity = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'executeTask');
    const [payload] = activity?.heartbeatDetails?.payloads ?? [];
    return payload && defaultPayloadConverter.fromPayload(payload);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
