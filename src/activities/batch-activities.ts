import { Context } from '@temporalio/activity';
import { taskTypes } from '../tasks/registry';
import { endOf, planOf } from './execution-plan';
import { withHeartbeat } from './heartbeat';
import { batchInput, requireInput } from './run-input';
import { createRunRows } from './run-rows';
import { runShortAttempt, type ShortAttempt } from './short-task';
import { currentRun } from './workflow-run';
import { chunk } from '../shared/chunk';
import { CANCELLED, timedOut } from '../shared/run-outcomes';
import { runSummary } from '../shared/run-summary';
import type { ActivityDeps } from './activity-deps';
import type { RunOrigin } from './run-origin';
import type { BatchRequest, BatchRun, BegunBatch, ExecutionOutcome, RunRequest } from './run-request';
import type { OpenedAttempt } from '../storage/executions/execution-attempts';
import type { BatchItem } from '../storage/executions/execution-batches';
import type { TaskExecution } from '../storage/executions/task-execution';
import type { WorkflowRun } from '../storage/executions/workflow-run';

/** Runs in one activity: enough to make the activity's cost small, few enough to spread a batch over workers. */
const RUNS_PER_SLICE = 100;
/** Runs at once, recorded in one statement: the most that are repeated after a worker died. */
const RUNS_AT_ONCE = 25;

const childWorkflowTypes = taskTypes.filter((taskType) => !taskType.isShort).map((taskType) => taskType.name);

export interface WaitingRun {
  executionId: number;
  waitMs: number;
}

/** The steps of `runBatch`: many short runs in one workflow, each with its own row. */
export function createBatchActivities(deps: ActivityDeps) {
  const { executions } = deps;
  const rows = createRunRows(deps);

  /** A batch that somebody started in Temporal is nobody's; one that was reset runs again, whoever asked for it. */
  async function originOfBatch(
    run: WorkflowRun,
    { request, given, firstRunId }: { request: { requestedBy?: number }; given: unknown; firstRunId?: string },
  ): Promise<RunOrigin> {
    if (firstRunId !== undefined && firstRunId !== run.runId) return { triggeredBy: 'reset' };
    if (!deps.signatures?.isSigned(run.workflowId, given as BatchRequest)) return { triggeredBy: 'temporal' };
    const isRepeated = (await executions.findEarlier(run)) !== undefined;
    return isRepeated ? { triggeredBy: 'temporal' } : { triggeredBy: 'batch', requestedBy: request.requestedBy };
  }

  function childOf(item: BatchItem, configId: number, run: WorkflowRun, { triggeredBy, requestedBy }: RunOrigin) {
    const workflowId = `${run.workflowId}-${item.n}`;
    const request: RunRequest = { configId, triggeredBy, requestedBy };
    return {
      n: item.n,
      workflowId,
      configId,
      configName: item.configName ?? '',
      taskType: item.taskType ?? '',
      summary: runSummary(item.taskType ?? '', item.configName ?? ''),
      priority: item.priority ?? 5,
      request: deps.signatures?.sign(workflowId, request) ?? request,
    };
  }

  /**
   * The rows of the present run. After a reset the history names those of the run that was reset: what had succeeded
   * stays as it is, and everything else runs again.
   */
  async function ownRows(executionIds: number[]): Promise<TaskExecution[]> {
    const { runId } = currentRun();
    const named = await executions.getMany(executionIds);
    const own: TaskExecution[] = [];
    for (const row of named) {
      const isOwn = row.runId === runId || row.status === 'succeeded';
      const found = isOwn ? row : await rows.own(row.id);
      if (found) own.push(found);
    }
    return own;
  }

  async function runOne(execution: TaskExecution, opened: OpenedAttempt | undefined): Promise<ShortAttempt> {
    const ended = (outcome: ExecutionOutcome): ShortAttempt => ({ kind: 'ended', outcome });
    // No attempt was opened although the row is running: a cancellation was requested.
    if (!opened) return ended(CANCELLED);
    const plan = planOf(execution);
    if (plan.kind === 'refused') return ended(plan.outcome);
    const attempt = await runShortAttempt(deps, plan, opened);
    // No attempt could begin before the run's time limit; the few seconds until then are not worth another round.
    return attempt.kind === 'again' && attempt.isLast ? ended(timedOut(plan.timeoutSeconds)) : attempt;
  }

  async function openAttempts(rows: TaskExecution[]): Promise<Map<number, OpenedAttempt>> {
    const ids = rows.map((row) => row.id);
    const opened = await executions.openAttempts(ids, deps.workerIdentity, new Date());
    return new Map(opened.map((attempt) => [attempt.executionId, attempt]));
  }

  /** Runs some rows concurrently and records their ends. Returns those that need another attempt. */
  async function runSome(rows: TaskExecution[]): Promise<WaitingRun[]> {
    const opened = await openAttempts(rows);
    const results = await Promise.all(
      rows.map(async (row) => ({ executionId: row.id, attempt: await runOne(row, opened.get(row.id)) })),
    );
    await executions.endMany(
      results.flatMap(({ executionId, attempt }) =>
        attempt.kind === 'again' ? [] : [{ executionId, ...endOf(attempt.outcome) }],
      ),
    );
    return results.flatMap(({ executionId, attempt }) =>
      attempt.kind === 'again' ? [{ executionId, waitMs: attempt.waitMs }] : [],
    );
  }

  return {
    /** Inserts a row for each short run, and lists the runs that need a child workflow. */
    async beginBatch(given: unknown, firstRunId?: string): Promise<BegunBatch> {
      const request = requireInput('runBatch', batchInput, given);
      const run = currentRun();
      const origin = await originOfBatch(run, { request, given, firstRunId });
      const items = await executions.beginBatch({
        ...run,
        ...origin,
        configIds: request.configIds,
        childWorkflowTypes,
        startedAt: new Date(),
      });
      if (origin.triggeredBy === 'reset') await executions.endResetBatch(run.workflowId, run.runId);
      return {
        slices: chunk(
          items.flatMap(({ n, executionId, isRunning }) =>
            executionId !== null && isRunning ? [{ n, executionId }] : [],
          ),
          RUNS_PER_SLICE,
        ),
        children: items.flatMap((item) =>
          item.executionId === null && item.configId !== null ? [childOf(item, item.configId, run, origin)] : [],
        ),
      };
    },

    /**
     * Runs the rows that have not ended, so that a repetition skips finished ones. Returns those to try again, and
     * when.
     */
    async executeSlice(executionIds: number[]): Promise<WaitingRun[]> {
      const context = Context.current();
      return withHeartbeat(
        context,
        () => undefined,
        async () => {
          const rows = (await ownRows(executionIds)).filter((row) => row.status === 'running');
          const again: WaitingRun[] = [];
          for (const some of chunk(rows, RUNS_AT_ONCE)) {
            context.cancellationSignal.throwIfAborted();
            again.push(...(await runSome(some)));
          }
          return again;
        },
      );
    },

    /** Cancels runs of the batch whose cancellation was requested before their rows existed. */
    async cancelRuns(runs: BatchRun[]): Promise<void> {
      for (const { id } of await ownRows(runs.map((run) => run.executionId))) await executions.cancelInBatch(id);
    },

    /** Ends the remaining runs of a cancelled batch, and counts the batch's runs. */
    async finishBatch(isCancelled: boolean): Promise<{ total: number; succeeded: number }> {
      const { workflowId, runId } = currentRun();
      if (isCancelled)
        await executions.endBatch(workflowId, runId, {
          status: 'cancelled',
          endedAt: new Date(),
          errorMessage: 'The batch was cancelled',
        });
      return executions.countBatch(workflowId, runId);
    },
  };
}
