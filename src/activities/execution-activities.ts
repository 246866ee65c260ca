import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createAttemptRecord } from './attempt-record';
import { runAttempt } from './attempt-runner';
import { endOf, outcomeOf, planOf } from './execution-plan';
import { applyFailurePolicy, executionEnded, refuseTooManyLost, toApplicationFailure } from './failure-policy';
import { classifyFailure, isWorkerShutdown } from './failures';
import { withHeartbeat } from './heartbeat';
import { partialResult } from './partial-result';
import { runShortAttempt } from './short-task';
import type { ActivityDeps } from './activity-deps';
import type { BegunExecution, ExecutionOutcome, RunPlan, RunRequest } from './run-request';
import type { NewExecution } from '../storage/executions/execution-begin';
import type { OpenedAttempt } from '../storage/executions/execution-attempts';
import type { TaskExecution } from '../storage/executions/task-execution';
import type { JsonObject } from '../tasks/task-type';

/** The steps of `runTask`. */
export function createExecutionActivities(deps: ActivityDeps) {
  const { executions, services, log } = deps;

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
    async beginExecution(request: RunRequest, isCancelled: boolean): Promise<BegunExecution> {
      const { workflowExecution } = activityInfo();
      if (!workflowExecution) throw new Error('beginExecution belongs in a workflow');
      const { workflowId, runId } = workflowExecution;
      const row = await insertRow({
        ...request,
        taskId: workflowId,
        workflowId,
        runId,
        startedAt: new Date(),
        scheduledAt: request.scheduledAt ? new Date(request.scheduledAt) : null,
      });
      const ended = async (outcome: ExecutionOutcome): Promise<BegunExecution> => {
        await executions.end(row.id, endOf(outcome));
        return { kind: 'ended', executionId: row.id, outcome };
      };
      // An earlier worker died after it had recorded the end and before Temporal knew.
      if (row.status !== 'running') return { kind: 'ended', executionId: row.id, outcome: outcomeOf(row) };
      if (isCancelled) return ended({ status: 'cancelled', errorMessage: 'Cancelled before it began' });
      const plan = planOf(row);
      if (plan.kind === 'refused') return ended(plan.outcome);
      if (!plan.isShort) return plan;
      const attempt = await runShortAttempt(deps, plan, await openAttempt(plan.executionId));
      return attempt.kind === 'ended'
        ? ended(attempt.outcome)
        : { ...attempt, executionId: row.id, timeoutSeconds: row.timeoutSeconds };
    },

    async finishExecution(executionId: number, outcome: ExecutionOutcome): Promise<void> {
      const result = outcome.status === 'succeeded' ? outcome.result : await partialResult(deps, executionId);
      await executions.end(executionId, endOf({ ...outcome, result }));
    },

    /**
     * One attempt of a task that is not short. Its heartbeats carry the newest cursor, from which the next continues.
     */
    async executeTask(plan: RunPlan): Promise<JsonObject | null> {
      const context = Context.current();
      const opened = await openAttempt(plan.executionId);
      // Counted in PostgreSQL: Temporal would also count the attempts that only waited for Reddit.
      refuseTooManyLost(opened.lostAttempts);

      let cursor: unknown = context.info.heartbeatDetails;
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
