import {
  CancellationScope,
  ChildWorkflowCancellationType,
  executeChild,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { ActivityFailure, ChildWorkflowFailure } from '@temporalio/common';
import type { ExecutionOutcome, ChildWorkflowRequest, RunPlan } from '../activities/run-request';

/** Appended to the run's workflow id: the id of its child workflow. Recorded histories contain it. */
const SUFFIX = '-work';

/**
 * Runs the workflow that a task type names, as a child. The child may continue as new as often as it needs, while the
 * run keeps the workflow id that its row, its links and cancellations use. The child has none of the run's search
 * attributes, so that a count by them counts each run once.
 */
export function runChildWorkflow(workflow: string, plan: RunPlan): Promise<ExecutionOutcome['result']> {
  const { workflowId, memo } = workflowInfo();
  const request: ChildWorkflowRequest = { executionId: plan.executionId };
  cancelChildOfReset(`${workflowId}${SUFFIX}`);
  return executeChild<(request: ChildWorkflowRequest) => Promise<ExecutionOutcome['result']>>(workflow, {
    workflowId: `${workflowId}${SUFFIX}`,
    args: [request],
    // After a reset to the run's first workflow task, the child of the run that was reset may still be at work.
    workflowIdReusePolicy: 'TERMINATE_IF_RUNNING',
    // A cancelled run waits until the child has ended; a terminated run terminates the child.
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    memo: { ...memo, executionId: plan.executionId },
    staticSummary: `${plan.taskType} · execution ${plan.executionId}`,
  });
}

/**
 * A reset keeps the child, but Temporal lets only the run that started it cancel it as a child. So a run that was reset
 * cancels it like any other workflow.
 */
function cancelChildOfReset(childId: string): void {
  const cancel = () => CancellationScope.nonCancellable(() => getExternalWorkflowHandle(childId).cancel());
  CancellationScope.current().cancelRequested.catch(async () => {
    const { runId, firstExecutionRunId, unsafe } = workflowInfo();
    // A replay goes by the marker alone: an older history has none, and a replayer does not know the run's id.
    const isConcerned = unsafe.isReplaying || runId !== firstExecutionRunId;
    if (isConcerned && patched('cancel-child-of-reset')) await cancel().catch(() => undefined);
  });
}

/** The original failure, without the wrappers of the activities and child workflows that passed it on. */
export function causeOf(error: unknown): unknown {
  let cause = error;
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause)
    cause = cause.cause;
  return cause;
}
