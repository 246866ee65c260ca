import { endOfWorkflow, type WorkflowRun } from './closed-workflow';
import { readRunSearchAttributes } from '../temporal/search-attributes';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../shared/durations';
import { chunk } from '../../shared/chunk';
import type { WorkflowClient, WorkflowExecutionInfo } from '@temporalio/client';
import type { Logger } from '../../platform/logger';
import type { ExecutionRepository, RunningExecution } from '../../storage/executions/execution-repository';

export interface ExecutionRepairs {
  executionsEnded: number;
  executionsRecorded: number;
}

export interface ExecutionReconcilerDeps {
  executions: Pick<ExecutionRepository, 'listRunning' | 'endMany' | 'findMissing' | 'begin'>;
  workflowClient: WorkflowClient;
  log: Logger;
  /** Runs of other task queues belong to other installations, and are not recorded. */
  taskQueue: string;
  /** Younger runs are skipped, because Temporal's visibility lags behind. */
  graceMs: number;
}

const ROWS_PER_PAGE = 500;
const IDS_PER_QUERY = 100;
const LOOK_BACK_MS = DAY_MS;
/** Consecutive passes overlap by this much, so that no run is missed. */
const OVERLAP_MS = MINUTE_MS;

const keyOf = ({ workflowId, runId }: WorkflowRun) => JSON.stringify([workflowId, runId]);

/** Ends rows that say "running" although their workflow has closed, and records closed workflows without a row. */
export function createExecutionReconciler({
  executions,
  workflowClient,
  log,
  taskQueue,
  graceMs,
}: ExecutionReconcilerDeps) {
  /** Workflows closed before this time have been compared. Kept in memory only: a restart compares them again. */
  let comparedUntilMs = 0;

  async function openRuns(rows: RunningExecution[]): Promise<Set<string>> {
    const open = new Set<string>();
    for (const ids of chunk([...new Set(rows.map((row) => row.workflowId))], IDS_PER_QUERY)) {
      const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${ids.map((id) => JSON.stringify(id)).join(',')})`;
      for await (const run of workflowClient.list({ query })) open.add(keyOf(run));
    }
    return open;
  }

  /** The rows whose workflow is not open, grouped by workflow: a batch has many rows. */
  async function findAbandoned(rows: RunningExecution[]): Promise<Iterable<RunningExecution[]>> {
    const open = rows.length > 0 ? await openRuns(rows) : new Set<string>();
    const abandoned = new Map<string, RunningExecution[]>();
    for (const row of rows.filter((one) => !open.has(keyOf(one))))
      abandoned.set(keyOf(row), [...(abandoned.get(keyOf(row)) ?? []), row]);
    return abandoned.values();
  }

  /** Ends the rows of one workflow as the workflow ended, and returns how many. */
  async function endRowsOf(rows: RunningExecution[]): Promise<number> {
    const [first] = rows;
    const end = first && (await endOfWorkflow(workflowClient, first));
    if (!end) return 0;
    const ids = await executions.endMany(rows.map((row) => ({ executionId: row.id, ...end })));
    const details = { executionIds: ids, workflowId: first.workflowId, status: end.status };
    if (ids.length > 0) log.warn(details, 'a run had ended without its row');
    return ids.length;
  }

  async function endAbandoned(): Promise<number> {
    let ended = 0;
    for (let afterId: number | undefined = 0; afterId !== undefined;) {
      const rows: RunningExecution[] = await executions.listRunning({
        startedBefore: new Date(Date.now() - graceMs),
        limit: ROWS_PER_PAGE,
        afterId,
      });
      for (const ofWorkflow of await findAbandoned(rows)) ended += await endRowsOf(ofWorkflow);
      afterId = rows.length === ROWS_PER_PAGE ? rows.at(-1)?.id : undefined;
    }
    return ended;
  }

  async function record(run: WorkflowExecutionInfo): Promise<boolean> {
    const end = await endOfWorkflow(workflowClient, run);
    if (!end) return false;
    const { workflowId, runId, typedSearchAttributes, startTime } = run;
    const row = await executions.begin({
      taskId: workflowId,
      workflowId,
      runId,
      ...readRunSearchAttributes(typedSearchAttributes),
      startedAt: startTime,
    });
    const ids = await executions.endMany([{ executionId: row.id, ...end }]);
    if (ids.length > 0)
      log.warn({ executionId: row.id, workflowId, status: end.status }, 'a run had ended without a row');
    return ids.length > 0;
  }

  async function recordClosedBetween(fromMs: number, untilMs: number): Promise<number> {
    const query = [
      "WorkflowType = 'runTask'",
      `TaskQueue = ${JSON.stringify(taskQueue)}`,
      "ExecutionStatus != 'ContinuedAsNew'",
      `CloseTime >= '${new Date(fromMs).toISOString()}'`,
      `CloseTime < '${new Date(untilMs).toISOString()}'`,
    ].join(' AND ');
    const runs = new Map<string, WorkflowExecutionInfo>();
    for await (const run of workflowClient.list({ query })) runs.set(keyOf(run), run);
    let recorded = 0;
    for (const page of chunk([...runs.values()], ROWS_PER_PAGE)) {
      for (const missing of await executions.findMissing(
        page.map(({ workflowId, runId }) => ({ workflowId, runId })),
      )) {
        const run = runs.get(keyOf(missing));
        if (run && (await record(run))) recorded += 1;
      }
    }
    return recorded;
  }

  /** Records hour by hour, so that an interrupted pass keeps its progress. */
  async function recordMissing(): Promise<number> {
    const untilMs = Date.now() - graceMs;
    let recorded = 0;
    for (
      let fromMs = Math.max(comparedUntilMs - OVERLAP_MS, untilMs - LOOK_BACK_MS);
      fromMs < untilMs;
      fromMs += HOUR_MS
    ) {
      const endMs = Math.min(fromMs + HOUR_MS, untilMs);
      recorded += await recordClosedBetween(fromMs, endMs);
      comparedUntilMs = endMs;
    }
    return recorded;
  }

  return async function reconcileExecutions(): Promise<ExecutionRepairs> {
    return { executionsEnded: await endAbandoned(), executionsRecorded: await recordMissing() };
  };
}
