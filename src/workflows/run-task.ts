import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { causeOf, runChildWorkflow } from './child-workflow';
import type { Activities } from '../activities';
import type { BegunExecution, ExecutionOutcome, RunPlan, RunRequest } from '../activities/run-request';

/** Rows are written from inside the workflow task: no round trip through the server, retried until PostgreSQL is back. */
const { beginExecution, finishExecution } = proxyLocalActivities<
  Pick<Activities, 'beginExecution' | 'finishExecution'>
>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Temporal's own attribute of what a schedule has started. */
const SCHEDULED_AT = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** One run of a task config or task type: begin, do, finish. The workflow fails when the task does, so that operators find it. */
export async function runTask(request: RunRequest): Promise<ExecutionOutcome['result']> {
  const outcome = await run({
    ...request,
    scheduledAt: workflowInfo().typedSearchAttributes.get(SCHEDULED_AT)?.toISOString(),
  });
  switch (outcome.status) {
    case 'succeeded':
      return outcome.result ?? null;
    case 'cancelled':
      throw new CancelledFailure(outcome.errorMessage ?? 'Cancelled');
    case 'failed':
    case 'terminated':
    case 'timed_out':
      throw ApplicationFailure.nonRetryable(
        outcome.errorMessage ?? outcome.status,
        outcome.errorType ?? outcome.status,
      );
  }
}

async function run(request: RunRequest): Promise<ExecutionOutcome> {
  const isCancelled = CancellationScope.current().consideredCancelled;
  let begun = await CancellationScope.nonCancellable(() => beginExecution(request, isCancelled));
  while (begun.kind === 'again') {
    const stopped = await waitForRetry(begun);
    if (stopped) return stopped;
    begun = await CancellationScope.nonCancellable(() => beginExecution(request, false));
  }
  if (begun.kind === 'ended') return begun.outcome;
  const { workflow } = begun;
  return execute(begun, workflow === undefined ? () => executeInOneGo(begun) : () => runChildWorkflow(workflow, begun));
}

/** Waits until a short task's next attempt is due. Answers an outcome when the run was cancelled, or ran out of time, meanwhile. */
async function waitForRetry({
  executionId,
  waitMs,
  isLast,
  timeoutSeconds,
}: Extract<BegunExecution, { kind: 'again' }>): Promise<ExecutionOutcome | undefined> {
  let outcome: ExecutionOutcome | undefined;
  try {
    await sleep(waitMs);
    if (isLast) outcome = timedOut(timeoutSeconds);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    outcome = CANCELLED;
  }
  if (outcome) await finish(executionId, outcome);
  return outcome;
}

const CANCELLED: ExecutionOutcome = { status: 'cancelled', errorMessage: 'Cancelled' };
const timedOut = (seconds: number | null): ExecutionOutcome => ({
  status: 'timed_out',
  errorType: 'TimedOut',
  errorMessage: `Timed out after ${seconds} s`,
});
const finish = (executionId: number, outcome: ExecutionOutcome) =>
  CancellationScope.nonCancellable(() => finishExecution(executionId, outcome));

function executeInOneGo(plan: RunPlan): Promise<ExecutionOutcome['result']> {
  const { executeTask } = proxyActivities<Pick<Activities, 'executeTask'>>({
    // The run's own limit is the scope's below; this one only bounds an attempt that would never end.
    startToCloseTimeout: '7 days',
    heartbeatTimeout: '10s',
    // The activity itself says when max_retries, or the lost workers allowed, are used up: only it can tell a failure
    // from a lost worker, and both from an attempt that had to wait for its turn at Reddit.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: plan.taskType,
  });
  return executeTask(plan);
}

/** Does the work inside the run's time, and records how it ended. */
async function execute(plan: RunPlan, work: () => Promise<ExecutionOutcome['result']>): Promise<ExecutionOutcome> {
  const limit =
    plan.timeoutSeconds === null
      ? new CancellationScope()
      : new CancellationScope({ cancellable: true, timeout: plan.timeoutSeconds * 1_000 });
  let outcome: ExecutionOutcome;
  try {
    outcome = { status: 'succeeded', result: await limit.run(work) };
  } catch (error) {
    outcome = outcomeOf(error, plan, limit.consideredCancelled);
  }
  await finish(plan.executionId, outcome);
  return outcome;
}

function outcomeOf(error: unknown, plan: RunPlan, isOutOfTime: boolean): ExecutionOutcome {
  if (isCancellation(error)) {
    // Somebody cancelled the workflow, or the run's own time limit did, or somebody stopped what does its work.
    if (CancellationScope.current().consideredCancelled) return CANCELLED;
    return isOutOfTime
      ? timedOut(plan.timeoutSeconds)
      : { status: 'cancelled', errorMessage: 'Its own workflow was cancelled' };
  }
  const cause = causeOf(error);
  if (cause instanceof TerminatedFailure)
    return { status: 'terminated', errorType: 'Terminated', errorMessage: 'Its own workflow was terminated' };
  if (cause instanceof TimeoutFailure)
    return { status: 'failed', errorType: 'WorkerLost', errorMessage: `Gave up after lost workers: ${cause.message}` };
  if (cause instanceof ApplicationFailure) {
    return {
      status: 'failed',
      errorType: cause.type ?? cause.name,
      errorMessage: cause.message,
      errorTraceback: (cause.details?.[0] as string | undefined) ?? cause.stack ?? null,
    };
  }
  throw error;
}
