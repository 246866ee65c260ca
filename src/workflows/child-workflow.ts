import { executeChild, ParentClosePolicy, ChildWorkflowCancellationType, workflowInfo } from '@temporalio/workflow';
import { ActivityFailure, ChildWorkflowFailure } from '@temporalio/common';
import type { ExecutionOutcome, OwnWork, RunPlan } from '../activities/run-request';

/** The workflow that does a run's work is found by the run's own id. */
const SUFFIX = '-work';

/**
 * Runs the workflow that a task type names, as a child: it may begin its history anew as often as it likes, while this
 * run stays the one that its row, its links and whoever stops it know.
 */
export function runChildWorkflow(workflow: string, plan: RunPlan): Promise<ExecutionOutcome['result']> {
  const { workflowId, memo, typedSearchAttributes } = workflowInfo();
  const work: OwnWork = { executionId: plan.executionId };
  return executeChild<(work: OwnWork) => Promise<ExecutionOutcome['result']>>(workflow, {
    workflowId: `${workflowId}${SUFFIX}`,
    args: [work],
    // Cancelled: it ends in order and this run waits for that. Gone: it goes too.
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    memo: { ...memo, executionId: plan.executionId },
    typedSearchAttributes,
    staticSummary: `${plan.taskType} · execution ${plan.executionId}`,
  });
}

/** What really failed, beneath the activities and workflows that passed it on. */
export function causeOf(error: unknown): unknown {
  let cause = error;
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause)
    cause = cause.cause;
  return cause;
}
