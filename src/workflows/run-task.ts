import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import { ActivityFailure, TimeoutFailure } from '@temporalio/common';
import type { Activities } from '../activities';
import type { ExecutionOutcome, RunPlan, RunRequest } from '../activities/run-request';

/** How often a lost worker (no heartbeat, or shut down) may hand a run on, beside the retries that the config grants. */
const LOST_WORKERS_ALLOWED = 20;

/** Rows are written from inside the workflow task: no round trip through the server, retried until PostgreSQL is back. */
const { beginExecution, finishExecution } = proxyLocalActivities<Pick<Activities, 'beginExecution' | 'finishExecution'>>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** One run of a task config or task type: begin, do, finish. The workflow fails when the task does, so that operators find it. */
export async function runTask(request: RunRequest): Promise<ExecutionOutcome['result']> {
  const isCancelled = CancellationScope.current().consideredCancelled;
  const begun = await CancellationScope.nonCancellable(() => beginExecution(request, isCancelled));
  const outcome = begun.kind === 'ended' ? begun.outcome : await execute(begun);
  switch (outcome.status) {
    case 'succeeded':
      return outcome.result ?? null;
    case 'cancelled':
      throw new CancelledFailure(outcome.errorMessage ?? 'Cancelled');
    case 'failed':
    case 'terminated':
    case 'timed_out':
      throw ApplicationFailure.nonRetryable(outcome.errorMessage ?? outcome.status, outcome.errorType ?? outcome.status);
  }
}

async function execute(plan: RunPlan): Promise<ExecutionOutcome> {
  const { executeTask } = proxyActivities<Pick<Activities, 'executeTask'>>({
    // The run's own limit is the scope's below; this one only bounds an attempt that would never end.
    startToCloseTimeout: '7 days',
    heartbeatTimeout: '10s',
    // The activity itself says when max_retries are used up: only it can tell a failure from a lost worker.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: plan.maxRetries + 1 + LOST_WORKERS_ALLOWED },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: plan.taskType,
  });
  const limit = plan.timeoutSeconds === null ? new CancellationScope() : new CancellationScope({ cancellable: true, timeout: plan.timeoutSeconds * 1_000 });
  let outcome: ExecutionOutcome;
  try {
    outcome = { status: 'succeeded', result: await limit.run(() => executeTask(plan)) };
  } catch (error) {
    outcome = outcomeOf(error, plan);
  }
  await CancellationScope.nonCancellable(() => finishExecution(plan.executionId, outcome));
  return outcome;
}

function outcomeOf(error: unknown, plan: RunPlan): ExecutionOutcome {
  if (isCancellation(error)) {
    // Either somebody cancelled the workflow, or the run's own time limit did.
    if (CancellationScope.current().consideredCancelled) return { status: 'cancelled', errorMessage: 'Cancelled' };
    return { status: 'timed_out', errorType: 'TimedOut', errorMessage: `Timed out after ${plan.timeoutSeconds} s` };
  }
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return { status: 'failed', errorType: 'WorkerLost', errorMessage: `Gave up after ${LOST_WORKERS_ALLOWED} lost workers: ${cause.message}` };
  if (cause instanceof ApplicationFailure) {
    return { status: 'failed', errorType: cause.type ?? cause.name, errorMessage: cause.message, errorTraceback: (cause.details?.[0] as string | undefined) ?? cause.stack ?? null };
  }
  throw error;
}
