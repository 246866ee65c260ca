import {
  ActivityCancellationType,
  allHandlersFinished,
  CancellationScope,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import { runTask } from './run-task';
import type { Activities } from '../activities';
import type { BatchRequest, BatchRun, BatchSummary, BegunBatch, RunRequest } from '../activities/run-request';

/** Slices that one batch may have at work at once, so that a large batch leaves room for other runs. */
const SLICES_AT_ONCE = 4;

/** Asks for the n-th run (from 1) to stop: for one that has no row yet, where it would be stopped otherwise. */
const cancelRun = defineSignal<[n: number]>('cancelRun');

const { beginBatch, executeSlice, cancelRuns, finishBatch } = proxyActivities<
  Pick<Activities, 'beginBatch' | 'executeSlice' | 'cancelRuns' | 'finishBatch'>
>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/**
 * Many runs in one workflow: a workflow each costs Temporal far more than a short task does. Short runs go in slices,
 * each run a row of its own; any other gets a child workflow.
 */
export async function runBatch(request: BatchRequest): Promise<BatchSummary> {
  const unwanted = new Set<number>();
  const startedChildren = new Set<number>();
  let runs: BatchRun[] = [];
  setHandler(cancelRun, async (n) => {
    unwanted.add(n);
    // Rows and children that came into being while the signal was on its way.
    await stopUnwanted(
      runs.filter((run) => run.n === n),
      unwanted,
    );
    if (startedChildren.has(n)) await cancelChild(n);
  });
  let begun: BegunBatch;
  try {
    begun = await beginBatch(request);
    runs = begun.slices.flat();
    await stopUnwanted(runs, unwanted);
    await Promise.all([
      runSlices(begun.slices),
      ...begun.children.map((child) => runChild(child, request, { unwanted, startedChildren })),
    ]);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => finishBatch(true));
    throw error;
  }
  await condition(allHandlersFinished);
  const { total, succeeded } = await finishBatch(false);
  return { total: total + begun.children.length, succeeded, failed: total - succeeded };
}

async function stopUnwanted(runs: BatchRun[], unwanted: Set<number>): Promise<void> {
  const stopped = runs.filter((run) => unwanted.has(run.n));
  if (stopped.length > 0) await cancelRuns(stopped);
}

/** A child's workflow id is the task id of its run. */
const cancelChild = (n: number) => getExternalWorkflowHandle(`${workflowInfo().workflowId}-${n}`).cancel();

async function runSlices(slices: BatchRun[][]): Promise<void> {
  const queue = [...slices];
  const lane = async () => {
    for (let slice = queue.shift(); slice; slice = queue.shift()) await runSlice(slice);
  };
  await Promise.all(Array.from({ length: Math.min(SLICES_AT_ONCE, queue.length) }, lane));
}

/** Runs that failed wait together, as long as the first of them has to. */
async function runSlice(slice: BatchRun[]): Promise<void> {
  let waiting = await executeSlice(slice.map((run) => run.executionId));
  while (waiting.length > 0) {
    await sleep(Math.min(...waiting.map((run) => run.waitMs)));
    waiting = await executeSlice(waiting.map((run) => run.executionId));
  }
}

async function runChild(
  child: BegunBatch['children'][number],
  request: BatchRequest,
  { unwanted, startedChildren }: { unwanted: Set<number>; startedChildren: Set<number> },
): Promise<void> {
  const run: RunRequest = { configId: child.configId, triggeredBy: 'batch', requestedBy: request.requestedBy };
  try {
    const started = await startChild(runTask, {
      args: [run],
      workflowId: child.workflowId,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      memo: { configName: child.configName, taskType: child.taskType, batch: workflowInfo().workflowId },
      typedSearchAttributes: [
        { key: defineSearchAttributeKey('TaskConfigId', 'INT'), value: child.configId },
        { key: defineSearchAttributeKey('TaskType', 'KEYWORD'), value: child.taskType },
        { key: defineSearchAttributeKey('TriggeredBy', 'KEYWORD'), value: 'batch' },
      ],
      staticSummary: `${child.taskType} · ${child.configName}`,
    });
    startedChildren.add(child.n);
    if (unwanted.has(child.n)) await cancelChild(child.n);
    await started.result();
  } catch (error) {
    // The child's row tells its failure; one bad run does not end the batch. A cancelled batch does.
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
  }
}
