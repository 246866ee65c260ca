import { activityInfo, Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { findTaskType } from '../tasks/registry';
import { classifyFailure, type ClassifiedFailure } from './failures';
import { runAttempt } from './attempt-runner';
import type { ActivityDeps } from './index';
import type { BegunExecution, ExecutionOutcome, RunPlan, RunRequest } from './run-request';
import type { JsonObject } from '../tasks/task-type';
import type { TaskExecution } from '../storage/models/task-execution';

/** A short task may take no longer, or its workflow task would time out. */
export const SHORT_TASK_LIMIT_MS = 5_000;
const HEARTBEAT_INTERVAL_MS = 1_000;

/** What the plan of a row is; `null` when it cannot run, with the reason. */
export function planOf(execution: TaskExecution): RunPlan | { kind: 'refused'; executionId: number; reason: string } {
  const { id: executionId, taskType: name } = execution;
  if (name === null) return { kind: 'refused', executionId, reason: 'The task config no longer exists' };
  const taskType = findTaskType(name);
  if (!taskType) return { kind: 'refused', executionId, reason: `Unknown task type ${name}` };
  return {
    kind: 'run',
    executionId,
    configId: execution.configId,
    taskType: name,
    parameters: execution.parameters,
    maxRetries: execution.maxRetries,
    timeoutSeconds: execution.timeoutSeconds,
    isShort: taskType.isShort,
    startedAt: execution.startedAt.toISOString(),
  };
}

export function outcomeOfFailure(failure: ClassifiedFailure): ExecutionOutcome {
  return { status: 'failed', errorType: failure.type, errorMessage: failure.message, errorTraceback: failure.traceback };
}

/** The time limit of a short task as a signal, with the error that it ends with. */
export function shortTaskSignal(timeoutSeconds: number | null): AbortSignal {
  const limitMs = Math.min(SHORT_TASK_LIMIT_MS, (timeoutSeconds ?? Infinity) * 1_000);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new ShortTaskTimeout(`Timed out after ${limitMs / 1_000} s`)), limitMs).unref();
  return controller.signal;
}

export class ShortTaskTimeout extends Error {
  override readonly name = 'ShortTaskTimeout';
}

export function createExecutionActivities(deps: ActivityDeps) {
  const { executions, services, log } = deps;

  async function end(executionId: number, outcome: ExecutionOutcome): Promise<void> {
    await executions.end(executionId, {
      status: outcome.status,
      endedAt: new Date(),
      // The predecessor's shape: the return value wrapped, nothing for nothing.
      result: outcome.result ? { return_value: outcome.result } : null,
      errorMessage: outcome.errorMessage,
      errorTraceback: outcome.errorTraceback,
    });
  }

  /** Runs a short task to its end; throws only when Temporal should try it again. */
  async function runShort(plan: RunPlan): Promise<ExecutionOutcome> {
    const [opened] = await executions.openAttempts([plan.executionId], deps.workerIdentity, new Date());
    if (!opened) throw ApplicationFailure.nonRetryable('The execution has ended meanwhile', 'ExecutionEnded');
    const signal = shortTaskSignal(plan.timeoutSeconds);
    try {
      return { status: 'succeeded', result: await runAttempt(services, plan, { attempt: opened.attempt, signal, cursor: undefined, saveCursor: () => undefined, log }) };
    } catch (error) {
      const failure = classifyFailure(error);
      const status = error instanceof ShortTaskTimeout ? 'timed_out' : 'failed';
      await executions.failAttempt(plan.executionId, opened.attempt, status, failure, new Date());
      if (failure.isRetryable && opened.failedAttempts < plan.maxRetries) {
        throw ApplicationFailure.create({ message: failure.message, type: failure.type, nextRetryDelay: failure.retryDelayMs, cause: error as Error });
      }
      return { ...outcomeOfFailure(failure), status };
    }
  }

  return {
    /**
     * Inserts the run's row and decides its plan. What needs no second step is done here at once, in the same round trip:
     * a short task is run, and what cannot run (or was cancelled before it began) is ended.
     */
    async beginExecution(request: RunRequest, isCancelled: boolean): Promise<BegunExecution> {
      const { workflowExecution } = activityInfo();
      if (!workflowExecution) throw new Error('beginExecution belongs in a workflow');
      const { workflowId, runId } = workflowExecution;
      const row = await executions.begin({ ...request, taskId: workflowId, workflowId, runId, startedAt: new Date() });
      const ended = async (outcome: ExecutionOutcome): Promise<BegunExecution> => {
        await end(row.id, outcome);
        return { kind: 'ended', executionId: row.id, outcome };
      };
      // A worker that died after it had recorded the end, but before Temporal knew.
      if (row.status !== 'running') return { kind: 'ended', executionId: row.id, outcome: recordedOutcome(row) };
      if (isCancelled) return ended({ status: 'cancelled', errorMessage: 'Cancelled before it began' });
      const plan = planOf(row);
      if (plan.kind === 'refused') return ended({ status: 'failed', errorType: 'PermanentTaskError', errorMessage: plan.reason });
      return plan.isShort ? ended(await runShort(plan)) : plan;
    },

    async finishExecution(executionId: number, outcome: ExecutionOutcome): Promise<void> {
      await end(executionId, outcome);
    },

    /** One attempt of a task that is not short. It heartbeats every second, with the newest cursor, so that it learns of a cancellation at once. */
    async executeTask(plan: RunPlan): Promise<JsonObject | null> {
      const context = Context.current();
      const { cancellationSignal: signal } = context;
      const [opened] = await executions.openAttempts([plan.executionId], deps.workerIdentity, new Date());
      if (!opened) throw ApplicationFailure.nonRetryable('The execution has ended meanwhile', 'ExecutionEnded');

      let cursor: unknown = context.info.heartbeatDetails;
      const beat = setInterval(() => context.heartbeat(cursor), HEARTBEAT_INTERVAL_MS);
      const saveCursor = (next: unknown) => {
        cursor = next;
        context.heartbeat(next);
      };
      try {
        return await runAttempt(services, plan, { attempt: opened.attempt, signal, cursor, saveCursor, log });
      } catch (error) {
        const failure = classifyFailure(error);
        const record = (outcome: 'failed' | 'cancelled' | 'lost') => executions.failAttempt(plan.executionId, opened.attempt, outcome, failure, new Date());
        if (error instanceof CancelledFailure) {
          // A worker that shuts down hands the run on; that is nobody's failure and costs none of max_retries.
          const isHandedOn = error.message === 'WORKER_SHUTDOWN';
          await record(isHandedOn ? 'lost' : 'cancelled');
          throw isHandedOn ? ApplicationFailure.retryable('The worker shut down', 'WorkerShutdown') : error;
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

function recordedOutcome(row: TaskExecution): ExecutionOutcome {
  if (row.status === 'running') throw new Error(`Execution ${row.id} is still running`);
  return { status: row.status, result: (row.result?.['return_value'] as JsonObject | undefined) ?? null, errorType: 'RecordedFailure', errorMessage: row.errorMessage, errorTraceback: row.errorTraceback };
}
