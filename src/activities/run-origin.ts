import { scheduledConfigId } from './run-input';
import type { ActivityDeps } from './activity-deps';
import type { RunRequest, RunStart } from './run-request';
import type { TriggeredBy } from '../storage/executions/task-execution';
import type { WorkflowRun } from '../storage/executions/workflow-run';

export interface RunOrigin {
  triggeredBy: TriggeredBy;
  requestedBy?: number;
}

/**
 * Who started a run. What its input says counts only with the API's signature, and only for the first run of the
 * workflow: somebody may start another in Temporal with the same id and input. `given` is the input as it came.
 */
export async function originOf(
  { executions, signatures, tellScheduledRun }: Pick<ActivityDeps, 'executions' | 'signatures' | 'tellScheduledRun'>,
  run: WorkflowRun,
  start: RunStart,
  { request, given }: { request: Partial<RunRequest>; given: unknown },
): Promise<RunOrigin> {
  const configId = scheduledConfigId(start);
  if (configId !== undefined && start.scheduledAt)
    return {
      triggeredBy: await tellScheduledRun({
        ...run,
        configId,
        scheduledAt: new Date(start.scheduledAt),
        startedAt: new Date(start.startedAt),
      }),
    };
  const { triggeredBy, requestedBy } = request;
  if (!triggeredBy || !signatures?.isSigned(run.workflowId, given as RunRequest)) return { triggeredBy: 'temporal' };
  const isRepeated = !start.isChild && (await executions.findEarlier(run)) !== undefined;
  return isRepeated ? { triggeredBy: 'temporal' } : { triggeredBy, requestedBy };
}
