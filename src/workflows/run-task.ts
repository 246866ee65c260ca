import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  sleep,
} from '@temporalio/workflow';
import { CANCELLED, timedOut } from '../shared/run-outcomes';
import { HEARTBEAT_TIMEOUT, RETRY_FOREVER, ROW_WRITE } from './activity-options';
import { runChildWorkflow } from './child-workflow';
import { CHILD_CANCELLED, outcomeOfFailure, resultOf } from './outcomes';
import { showEnd, showPlan, showRetry } from './run-details';
import { runStart } from './run-start';
import type { Activities } from '../activities';
import type { BegunExecution, ExecutionOutcome, RunPlan, RunRequest } from '../activities/run-request';

const { beginExecution, finishExecution } =
  proxyLocalActivities<Pick<Activities, 'beginExecution' | 'finishExecution'>>(ROW_WRITE);

/** One run of a task config or task type. The workflow fails when the task fails. */
export async function runTask(request: RunRequest): Promise<ExecutionOutcome['result']> {
  return resultOf(await run(request));
}

async function run(request: RunRequest): Promise<ExecutionOutcome> {
  const start = runStart();
  const isCancelled = CancellationScope.current().consideredCancelled;
  let begun = await CancellationScope.nonCancellable(() => beginExecution(request, isCancelled, start));
  while (begun.kind === 'again') {
    showRetry(begun.executionId, begun.waitMs);
    const stopped = await waitForRetry(begun);
    if (stopped) return stopped;
    begun = await CancellationScope.nonCancellable(() => beginExecution(request, false, start));
  }
  if (begun.kind === 'ended') {
    showEnd(begun.executionId, begun.outcome.status);
    // Then the activity has requested the workflow's cancellation, if nobody else had.
    if (begun.outcome.status === 'cancelled') await CancellationScope.current().cancelRequested;
    return begun.outcome;
  }
  showPlan(begun);
  const { workflow } = begun;
  return execute(begun, workflow === undefined ? () => runActivity(begun) : () => runChildWorkflow(workflow, begun));
}

/**
 * Waits until the next attempt of a short task is due. Returns an outcome if the run was cancelled or timed out
 * meanwhile.
 */
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

function finish(executionId: number, outcome: ExecutionOutcome): Promise<void> {
  showEnd(executionId, outcome.status);
  return CancellationScope.nonCancellable(() => finishExecution(executionId, outcome));
}

function runActivity(plan: RunPlan): Promise<ExecutionOutcome['result']> {
  const { executeTask } = proxyActivities<Pick<Activities, 'executeTask'>>({
    // Only for an attempt that never ends; the time limit of the run is the scope's in `execute`.
    startToCloseTimeout: '7 days',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    // The activity fails permanently when retries or lost workers are used up: only it can tell a failed attempt from a
    // lost one, and from one that waited for Reddit.
    retry: RETRY_FOREVER,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: plan.taskType,
  });
  return executeTask(plan);
}

/** Does the work within the run's time limit, and records the outcome. */
async function execute(plan: RunPlan, work: () => Promise<ExecutionOutcome['result']>): Promise<ExecutionOutcome> {
  const limit =
    plan.timeoutSeconds === null
      ? new CancellationScope()
      : new CancellationScope({ cancellable: true, timeout: plan.timeoutSeconds * 1_000 });
  let outcome: ExecutionOutcome;
  try {
    outcome = { status: 'succeeded', result: await limit.run(work) };
  } catch (error) {
    outcome = isCancellation(error) ? outcomeOfCancellation(plan, limit) : outcomeOfFailure(error);
  }
  await finish(plan.executionId, outcome);
  return outcome;
}

/** The workflow was cancelled, or its time limit passed, or only the child workflow was cancelled. */
function outcomeOfCancellation({ timeoutSeconds }: RunPlan, limit: CancellationScope): ExecutionOutcome {
  if (CancellationScope.current().consideredCancelled) return CANCELLED;
  return limit.consideredCancelled ? timedOut(timeoutSeconds) : CHILD_CANCELLED;
}
