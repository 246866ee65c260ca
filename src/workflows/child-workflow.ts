import { executeChild, ParentClosePolicy, ChildWorkflowCancellationType, workflowInfo } from '@temporalio/workflow';
import { ActivityFailure, ChildWorkflowFailure } from '@temporalio/common';
import type { ExecutionOutcome, ChildWorkflowRequest, RunPlan } from '../activities/run-request';

/** Appended to the run's workflow id: the id of its child workflow. Recorded histories contain it. */
const SUFFIX = '-work';

/**
 * Runs the workflow that a task type names, as a child. The child may continue as new as often as it needs, while the
 * run keeps the workflow id that its row, its links and cancellations use.
 */
export function runChildWorkflow(workflow: string, plan: RunPlan): Promise<ExecutionOutcome['result']> {
  const { workflowId, memo, typedSearchAttributes } = workflowInfo();
  const request: ChildWorkflowRequest = { executionId: plan.executionId };
  return executeChild<(request: ChildWorkflowRequest) => Promise<ExecutionOutcome['result']>>(workflow, {
    workflowId: `${workflowId}${SUFFIX}`,
    args: [request],
    // A cancelled run waits until the child has ended; a terminated run terminates the child.
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    memo: { ...memo, executionId: plan.executionId },
    typedSearchAttributes,
    staticSummary: `${plan.taskType} · execution ${plan.executionId}`,
  });
}

/** The original failure, without the wrappers of the activities and child workflows that passed it on. */
export function causeOf(error: unknown): unknown {
  let cause = error;
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause)
    cause = cause.cause;
  return cause;
}
