import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createAttemptRecord } from './attempt-record';
import { runAttempt } from './attempt-runner';
import { endOf, outcomeOf, planOf } from './execution-plan';
import { applyFailurePolicy, executionEnded, refuseTooManyLost, toApplicationFailure } from './failure-policy';
import { classifyFailure, isWorkerShutdown } from './failures';
import { withHeartbeat } from './heartbeat';
import { partialResult } from './partial-result';
import { findResetCursor } from './reset-cursor';
import { readRunInput } from './run-input';
import { originOf, type RunOrigin } from './run-origin';
import { createRunRows } from './run-rows';
import { runShortAttempt } from './short-task';
import { currentRun } from './workflow-run';
import type { ActivityDeps } from './activity-deps';
import type { BegunExecution, ExecutionOutcome, RunPlan, RunStart } from './run-request';
import type { NewExecution } from '../storage/executions/execution-begin';
import type { OpenedAttempt } from '../storage/executions/execution-attempts';
import type { TaskExecution } from '../storage/executions/task-execution';
import type { JsonObject } from '../tasks/task-type';

/** The steps of `runTask`. */
export function createExecutionActivities(deps: ActivityDeps) {
  const { executions, services, log } = deps;
  const rows = createRunRows(deps);

  async function openAttempt(executionId: number): Promise<OpenedAttempt> {
    const [opened] = await executions.openAttempts([executionId], deps.workerIdentity, new Date());
    if (!opened) throw executionEnded();
    return opened;
  }

  /**
   * Fails for good on data that PostgreSQL will never accept. Reconcile then inserts the row of the closed workflow.
   */
  async function insertRow(execution: NewExecution): Promise<TaskExecution> {
    try {
      return await executions.begin(execution);
    } catch (error) {
      const failure = classifyFailure(error);
      throw failure.isRetryable ? error : ApplicationFailure.nonRetryable(failure.message, failure.type);
    }
  }

  /** The row of the run that begins. `earlier`: the run that was reset; `fault`: what is wrong with the input. */
  async function beginRow(
    given: unknown,
    start: RunStart,
  ): Promise<{ row: TaskExecution; earlier?: TaskExecution; fault?: string }> {
    const run = currentRun();
    const isReset = run.runId !== start.firstRunId;
    const earlier = isReset ? await rows.findReset(run) : undefined;
    // Without a task type the run that was reset had not begun its work: it begins as its input says.
    if (earlier?.taskType) return { row: await rows.continueReset(run, earlier), earlier };
    const { request, fault } = readRunInput(given, start);
    const origin: RunOrigin = isReset ? { triggeredBy: 'reset' } : await originOf(deps, run, start, { request, given });
    const row = await insertRow({
      ...request,
      ...run,
      triggeredBy: origin.triggeredBy,
      requestedBy: origin.requestedBy,
      taskId: run.workflowId,
      configName: start.configName,
      retryOf: earlier?.id ?? (origin.triggeredBy === 'retry' ? request.retryOf : undefined),
      startedAt: new Date(),
      // Only a rule and a backfill mean a run to begin at a time.
      scheduledAt: start.scheduledAt && origin.triggeredBy !== 'temporal' ? new Date(start.scheduledAt) : null,
    });
    return { row, fault };
  }

  /** Records the end of the run, and that of a config whose only run it was. Without the latter, reconcile does it. */
  async function endRow(row: TaskExecution, outcome: ExecutionOutcome): Promise<void> {
    await executions.end(row.id, endOf(outcome));
    if (row.configId === null || row.triggeredBy !== 'schedule' || !row.scheduledAt) return;
    await deps
      .endSpentSchedule(row.configId, row.scheduledAt)
      .catch((error: unknown) => log.warn({ err: error, configId: row.configId }, 'the config was not ended'));
  }

  async function cancelWorkflow(): Promise<void> {
    const { workflowId, runId } = currentRun();
    await Context.current().client.workflow.getHandle(workflowId, runId).cancel();
  }

  /** The error to throw for an attempt that was cancelled. */
  async function afterCancellation(
    { executionId }: RunPlan,
    { attempt }: OpenedAttempt,
    error: CancelledFailure,
  ): Promise<Error> {
    // The run was cancelled or timed out: finishExecution knows which, and closes the attempt.
    if (!isWorkerShutdown(error)) return error;
    // Another worker continues the run. The attempt is lost, not failed, so it costs none of max_retries.
    await executions.failAttempt(executionId, attempt, 'lost', classifyFailure(error), new Date());
    return ApplicationFailure.retryable('The worker shut down', 'WorkerShutdown');
  }

  return {
    /**
     * Inserts the run's row and decides its plan. Where no second step is needed, the run goes on in the same round
     * trip: a short task is attempted, and a run that cannot start, or was cancelled before, is ended. A repeated call
     * continues with the existing row.
     */
    async beginExecution(request: unknown, isCancelled: boolean, start: RunStart): Promise<BegunExecution> {
      const { row, earlier, fault } = await beginRow(request, start);
      const ended = async (outcome: ExecutionOutcome): Promise<BegunExecution> => {
        await endRow(row, outcome);
        // Only a workflow whose cancellation was requested can end as cancelled.
        if (outcome.status === 'cancelled' && !isCancelled) await cancelWorkflow();
        return { kind: 'ended', executionId: row.id, outcome };
      };
      // An earlier worker died after it had recorded the end and before Temporal knew.
      if (row.status !== 'running') return ended(outcomeOf(row));
      if (isCancelled) return ended({ status: 'cancelled', errorMessage: 'Cancelled before it began' });
      if (fault !== undefined) return ended({ status: 'failed', errorType: 'InvalidInput', errorMessage: fault });
      const plan = planOf(row, earlier);
      if (plan.kind === 'refused') return ended(plan.outcome);
      if (!plan.isShort) return plan;
      const attempt = await runShortAttempt(deps, plan, await openAttempt(plan.executionId));
      return attempt.kind === 'ended'
        ? ended(attempt.outcome)
        : { ...attempt, executionId: row.id, timeoutSeconds: row.timeoutSeconds };
    },

    async finishExecution(planned: number, outcome: ExecutionOutcome): Promise<void> {
      const row = await rows.own(planned);
      if (!row) return;
      const executionId = row.id;
      const result = outcome.status === 'succeeded' ? outcome.result : await partialResult(deps, executionId);
      await endRow(row, { ...outcome, result });
    },

    /**
     * One attempt of a task that is not short. Its heartbeats carry the newest cursor, from which the next continues.
     */
    async executeTask(planned: RunPlan): Promise<JsonObject | null> {
      const context = Context.current();
      const row = await rows.own(planned.executionId);
      if (!row) throw executionEnded();
      const plan = { ...planned, executionId: row.id };
      const cursorOfReset = context.info.attempt === 1 ? await findResetCursor(context.client, deps, row) : undefined;
      const opened = await openAttempt(plan.executionId);
      // Counted in PostgreSQL: Temporal would also count the attempts that only waited for Reddit.
      refuseTooManyLost(opened.lostAttempts);

      let cursor: unknown = context.info.heartbeatDetails ?? cursorOfReset;
      let { waited } = opened;
      const saveCursor = (next: unknown) => {
        cursor = next;
        // Progress ends an outage: the next one has the whole patience.
        waited = null;
        context.heartbeat(next);
      };
      const attempt = { attempt: opened.attempt, signal: context.cancellationSignal, cursor, saveCursor, log };
      return withHeartbeat(
        context,
        () => cursor,
        async () => {
          try {
            return await runAttempt(services, plan, attempt);
          } catch (error) {
            if (error instanceof CancelledFailure) throw await afterCancellation(plan, opened, error);
            const record = createAttemptRecord(deps, plan, { ...opened, waited });
            throw toApplicationFailure(await applyFailurePolicy(error, record, deps.outagePatience));
          }
        },
      );
    },
  };
}
