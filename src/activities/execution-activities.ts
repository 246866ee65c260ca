import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { runAttempt } from './attempt-runner';
import { endOf, outcomeOf, planOf } from './execution-plan';
import { classifyFailure, refuseTooManyLost } from './failures';
import { partialResult } from './partial-result';
import { runShortAttempt } from './short-task';
import { judgeWait, noWaits, OUTAGE_PATIENCE } from './transient-waits';
import type { ActivityDeps } from './index';
import type { BegunExecution, ExecutionOutcome, RunPlan, RunRequest } from './run-request';
import type { NewExecution } from '../storage/executions/execution-begin';
import type { OpenedAttempt } from '../storage/executions/execution-attempts';
import type { TaskExecution } from '../storage/executions/task-execution';
import type { JsonObject } from '../tasks/task-type';

const HEARTBEAT_INTERVAL_MS = 1_000;

export function createExecutionActivities(deps: ActivityDeps) {
  const { executions, services, log } = deps;

  async function openAttempt(executionId: number): Promise<OpenedAttempt> {
    const [opened] = await executions.openAttempts([executionId], deps.workerIdentity, new Date());
    if (!opened) throw ApplicationFailure.nonRetryable('The execution has ended meanwhile', 'ExecutionEnded');
    return opened;
  }

  /** Data that PostgreSQL will never take is no reason to try for ever; what closes without a row, reconcile records. */
  async function beginRow(execution: NewExecution): Promise<TaskExecution> {
    try {
      return await executions.begin(execution);
    } catch (error) {
      const failure = classifyFailure(error);
      throw failure.isRetryable ? error : ApplicationFailure.nonRetryable(failure.message, failure.type);
    }
  }

  return {
    /**
     * Inserts the run's row and decides its plan. What needs no second step is done here at once, in the same round trip:
     * a short task is attempted, and what cannot run (or was cancelled before it began) is ended. Called again, it goes on
     * with the row that is there.
     */
    async beginExecution(request: RunRequest, isCancelled: boolean): Promise<BegunExecution> {
      const { workflowExecution } = activityInfo();
      if (!workflowExecution) throw new Error('beginExecution belongs in a workflow');
      const { workflowId, runId } = workflowExecution;
      const row = await beginRow({
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
      // A worker that died after it had recorded the end, but before Temporal knew.
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

    /** One attempt of a task that is not short. It heartbeats every second, with the newest cursor, so that it learns of a cancellation at once. */
    async executeTask(plan: RunPlan): Promise<JsonObject | null> {
      const context = Context.current();
      const { cancellationSignal: signal } = context;
      const opened = await openAttempt(plan.executionId);
      // Counted here and not by Temporal, which would count the attempts that had to wait for their turn as well.
      refuseTooManyLost(opened.lostAttempts);

      let cursor: unknown = context.info.heartbeatDetails;
      const beat = setInterval(() => context.heartbeat(cursor), HEARTBEAT_INTERVAL_MS);
      let waited = opened.waited ?? noWaits(opened.attempt);
      const saveCursor = (next: unknown) => {
        cursor = next;
        // It got on: an outage that comes now is another one.
        waited = noWaits(opened.attempt);
        context.heartbeat(next);
      };
      try {
        return await runAttempt(services, plan, { attempt: opened.attempt, signal, cursor, saveCursor, log });
      } catch (error) {
        const verdict = judgeWait(classifyFailure(error), waited, {
          now: Date.now(),
          patience: deps.outagePatience ?? OUTAGE_PATIENCE,
        });
        const failure = verdict.kind === 'failure' ? verdict.failure : classifyFailure(error);
        const record = (outcome: 'failed' | 'lost') =>
          executions.failAttempt(plan.executionId, opened.attempt, outcome, failure, new Date());
        if (error instanceof CancelledFailure) {
          // Cancelled, or out of time: only the run's end can tell, and closes the attempt likewise.
          if (error.message !== 'WORKER_SHUTDOWN') throw error;
          // A worker that shuts down hands the run on; that is nobody's failure and costs none of max_retries.
          await record('lost');
          throw ApplicationFailure.retryable('The worker shut down', 'WorkerShutdown');
        }
        if (verdict.kind === 'wait') {
          await executions.deferAttempt(
            plan.executionId,
            opened.attempt,
            { ...failure, waited: verdict.waited },
            new Date(),
          );
          throw ApplicationFailure.create({
            message: failure.message,
            type: failure.type,
            nextRetryDelay: verdict.waitMs,
            category: ApplicationFailureCategory.BENIGN,
          });
        }
        await record('failed');
        throw ApplicationFailure.create({
          message: failure.message,
          type: failure.type,
          nonRetryable: !failure.isRetryable || opened.failedAttempts >= plan.maxRetries,
          nextRetryDelay: failure.retryDelayMs,
          details: [failure.traceback],
        });
      } finally {
        clearInterval(beat);
      }
    },
  };
}
