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
  /** Runs of another queue are not ours to record. */
  taskQueue: string;
  /** Younger runs are left alone: visibility lags a moment behind. */
  graceMs: number;
}

const ROWS_PER_PAGE = 500;
const IDS_PER_QUERY = 100;
const LOOK_BACK_MS = DAY_MS;
/** Seen twice rather than missed. */
const OVERLAP_MS = MINUTE_MS;

const keyOf = ({ workflowId, runId }: WorkflowRun) => JSON.stringify([workflowId, runId]);

/** Rows that say "running" though their workflow has closed, and closed workflows without a row. */
export function createExecutionReconciler({
  executions,
  workflowClient,
  log,
  taskQueue,
  graceMs,
}: ExecutionReconcilerDeps) {
  /** All that closed before it has been compared; kept in memory, since a restart may look again. */
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

  /** Ends the rows of one workflow as the workflow ended; answers how many it has ended. */
  async function endRowsOf(rows: RunningExecution[]): Promise<number> {
    const [first] = rows;
    const end = first && (await endOfWorkflow(workflowClient, first));
    if (!end) return 0;
    const ids = await executions.endMany(rows.map((row) => ({ executionId: row.id, ...end })));
    const told = { executionIds: ids, workflowId: first.workflowId, status: end.status };
    if (ids.length > 0) log.warn(told, 'a run had ended without its row');
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

  /** Hour by hour, so that a pass which is cut short leaves less for the next. */
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
