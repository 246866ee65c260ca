import { endOfWorkflow, isReset } from './closed-workflow';
import { readRunSearchAttributes } from '../temporal/search-attributes';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../shared/durations';
import { chunk } from '../../shared/chunk';
import type { WorkflowClient, WorkflowExecutionInfo } from '@temporalio/client';
import type { Logger } from '../../platform/logger';
import type { ExecutionRepository, RunningExecution } from '../../storage/executions/execution-repository';
import type { WorkflowRun } from '../../storage/executions/workflow-run';

export interface ExecutionRepairs {
  executionsEnded: number;
  executionsRecorded: number;
}

export interface ExecutionReconcilerDeps {
  executions: Pick<
    ExecutionRepository,
    'listRunning' | 'endMany' | 'findMissing' | 'findEarlier' | 'begin' | 'getMany' | 'continueReset'
  >;
  workflowClient: WorkflowClient;
  log: Logger;
  /** Runs of other task queues belong to other installations, and are not recorded. */
  taskQueue: string;
  /** Younger runs are skipped, because Temporal's visibility lags behind. */
  graceMs: number;
}

interface AbandonedRows {
  rows: RunningExecution[];
  /** The run that is open under the same workflow id. */
  openRun: WorkflowRun | undefined;
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

  /** The open runs of the workflows, by the workflow's id: no two are open at a time. */
  async function openRuns(rows: RunningExecution[]): Promise<Map<string, WorkflowRun>> {
    const open = new Map<string, WorkflowRun>();
    for (const ids of chunk([...new Set(rows.map((row) => row.workflowId))], IDS_PER_QUERY)) {
      const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${ids.map((id) => JSON.stringify(id)).join(',')})`;
      for await (const { workflowId, runId } of workflowClient.list({ query }))
        open.set(workflowId, { workflowId, runId });
    }
    return open;
  }

  /** Rows of workflows' runs that are not open, grouped by workflow (a batch has many), with the run that is open. */
  async function findAbandoned(rows: RunningExecution[]): Promise<Iterable<AbandonedRows>> {
    const open = rows.length > 0 ? await openRuns(rows) : new Map<string, WorkflowRun>();
    const abandoned = new Map<string, AbandonedRows>();
    for (const row of rows.filter((one) => open.get(one.workflowId)?.runId !== one.runId)) {
      const before = abandoned.get(keyOf(row))?.rows ?? [];
      abandoned.set(keyOf(row), { rows: [...before, row], openRun: open.get(row.workflowId) });
    }
    return abandoned.values();
  }

  /** Hands the rows of a run that was reset to the run that goes on with its work. */
  async function continueRows(rows: RunningExecution[], run: WorkflowRun): Promise<number> {
    const earlier = await executions.getMany(rows.map((row) => row.id));
    for (const row of earlier) {
      const { id } = await executions.continueReset(run, row, { worker: 'reconcile' });
      log.info({ executionId: id, earlier: row.id, workflowId: row.workflowId }, 'a run was reset in Temporal');
    }
    return earlier.length;
  }

  /** Ends the rows of one workflow as the workflow ended, and returns how many. */
  async function endRowsOf({ rows, openRun }: AbandonedRows): Promise<number> {
    const [first] = rows;
    if (!first) return 0;
    if (openRun && (await isReset(workflowClient, openRun))) return continueRows(rows, openRun);
    const end = await endOfWorkflow(workflowClient, first);
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

  /** The row of a closed run: with the plan of the run that it is a reset of, or what its search attributes tell. */
  async function insertRow({
    workflowId,
    runId,
    typedSearchAttributes,
    startTime,
  }: WorkflowExecutionInfo): Promise<{ id: number }> {
    const run = { workflowId, runId };
    const earlier = (await isReset(workflowClient, run)) ? await executions.findEarlier(run) : undefined;
    if (earlier) return executions.continueReset(run, earlier, { worker: 'reconcile', at: startTime });
    return executions.begin({
      taskId: workflowId,
      ...run,
      ...readRunSearchAttributes(typedSearchAttributes),
      startedAt: startTime,
    });
  }

  async function record(run: WorkflowExecutionInfo): Promise<boolean> {
    const end = await endOfWorkflow(workflowClient, run);
    if (!end) return false;
    const { workflowId } = run;
    const row = await insertRow(run);
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
