import { ActivityCancellationType, CancellationScope, executeChild, isCancellation, ParentClosePolicy, proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Activities } from '../activities';
import type { BatchRequest, BatchSummary, BegunBatch, RunRequest } from '../activities/run-request';
import { runTask } from './run-task';

/** Slices that one batch may have at work at once, so that a large batch leaves room for other runs. */
const SLICES_AT_ONCE = 4;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

const { beginBatch, executeSlice, finishBatch } = proxyActivities<Pick<Activities, 'beginBatch' | 'executeSlice' | 'finishBatch'>>({
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
  let begun: BegunBatch | undefined;
  let isCancelled = false;
  try {
    begun = await beginBatch(request);
    await Promise.all([runSlices(begun.slices), ...begun.children.map((child) => runChild(child, request))]);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    isCancelled = true;
    throw error;
  } finally {
    if (isCancelled) await CancellationScope.nonCancellable(() => finishBatch(true));
  }
  const { total, succeeded } = await finishBatch(false);
  return { total: total + begun.children.length, succeeded, failed: total - succeeded };
}

async function runSlices(slices: number[][]): Promise<void> {
  const queue = [...slices];
  const lane = async () => {
    for (let slice = queue.shift(); slice; slice = queue.shift()) await runSlice(slice);
  };
  await Promise.all(Array.from({ length: Math.min(SLICES_AT_ONCE, queue.length) }, lane));
}

async function runSlice(slice: number[]): Promise<void> {
  let left = await executeSlice(slice);
  for (let backoffMs = FIRST_BACKOFF_MS; left.length > 0; backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS)) {
    await sleep(backoffMs);
    left = await executeSlice(left);
  }
}

async function runChild(child: BegunBatch['children'][number], request: BatchRequest): Promise<void> {
  const run: RunRequest = { configId: child.configId, triggeredBy: 'batch', requestedBy: request.requestedBy };
  try {
    await executeChild(runTask, {
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
  } catch (error) {
    // The child's row tells its failure; one bad run does not end the batch. A cancelled batch does.
    if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
  }
}
