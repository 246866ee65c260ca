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
import { HEARTBEAT_TIMEOUT, RETRY_FOREVER } from './activity-options';
import { runTask } from './run-task';
import { priorityKeyOf } from '../shared/priority-key';
import type { Activities } from '../activities';
import type { BatchRequest, BatchRun, BatchSummary, BegunBatch, RunRequest } from '../activities/run-request';

/** Slices of one batch that may run concurrently, so that a large batch leaves worker slots to other runs. */
const SLICES_AT_ONCE = 4;

/** Cancels the n-th run (from 1). A run with a row is cancelled through its row; this is for runs without one. */
const cancelRun = defineSignal<[n: number]>('cancelRun');

const { beginBatch, executeSlice, cancelRuns, finishBatch } = proxyActivities<
  Pick<Activities, 'beginBatch' | 'executeSlice' | 'cancelRuns' | 'finishBatch'>
>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY_FOREVER,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/**
 * Many runs in one workflow, because a workflow for each costs Temporal far more than a short task does. Short runs go
 * in slices, with a row each; any other run gets a child workflow.
 */
export async function runBatch(request: BatchRequest): Promise<BatchSummary> {
  const cancelled = new Set<number>();
  const startedChildren = new Set<number>();
  let runs: BatchRun[] = [];
  setHandler(cancelRun, async (n) => {
    cancelled.add(n);
    // The row or child may have been created while the signal was on its way.
    await cancelRows(
      runs.filter((run) => run.n === n),
      cancelled,
    );
    if (startedChildren.has(n)) await cancelChild(n);
  });
  let begun: BegunBatch;
  try {
    begun = await beginBatch(request, workflowInfo().firstExecutionRunId);
    runs = begun.slices.flat();
    await cancelRows(runs, cancelled);
    await Promise.all([
      runSlices(begun.slices),
      ...begun.children.map((child) => runChild(child, { cancelled, startedChildren })),
    ]);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => finishBatch(true));
    throw error;
  }
  await condition(allHandlersFinished);
  const { total, succeeded } = await finishBatch(false);
  return { total: total + begun.children.length, succeeded, failed: total - succeeded };
}

async function cancelRows(runs: BatchRun[], cancelled: Set<number>): Promise<void> {
  const stopped = runs.filter((run) => cancelled.has(run.n));
  if (stopped.length > 0) await cancelRuns(stopped);
}

/** The workflow id of a child is the task id of its run. */
const cancelChild = (n: number) => getExternalWorkflowHandle(`${workflowInfo().workflowId}-${n}`).cancel();

async function runSlices(slices: BatchRun[][]): Promise<void> {
  const queue = [...slices];
  const loop = async () => {
    for (let slice = queue.shift(); slice; slice = queue.shift()) await runSlice(slice);
  };
  await Promise.all(Array.from({ length: Math.min(SLICES_AT_ONCE, queue.length) }, loop));
}

/** Failed runs are retried together, as soon as the first of them is due. */
async function runSlice(slice: BatchRun[]): Promise<void> {
  let waiting = await executeSlice(slice.map((run) => run.executionId));
  while (waiting.length > 0) {
    await sleep(Math.min(...waiting.map((run) => run.waitMs)));
    waiting = await executeSlice(waiting.map((run) => run.executionId));
  }
}

async function runChild(
  child: BegunBatch['children'][number],
  { cancelled, startedChildren }: { cancelled: Set<number>; startedChildren: Set<number> },
): Promise<void> {
  const run: RunRequest = child.request ?? { configId: child.configId, triggeredBy: 'batch' };
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
      staticSummary: child.summary,
      priority: { priorityKey: priorityKeyOf(child.priority) },
    });
    startedChildren.add(child.n);
    if (cancelled.has(child.n)) await cancelChild(child.n);
    await started.result();
  } catch (error) {
    // The child's row has its failure. A failed run does not end the batch; a cancellation of the batch does.
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
  }
}
