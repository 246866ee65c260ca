import { classifyFailure } from './failures';
import { runAttempt } from './attempt-runner';
import type { ActivityDeps } from './index';
import type { ExecutionOutcome, RunPlan } from './run-request';
import type { OpenedAttempt } from '../storage/execution-repository';

/** An attempt of a short task may take no longer, or its workflow task would time out. */
const ATTEMPT_LIMIT_MS = 5_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

class ShortTaskTimeout extends Error {
  override readonly name = 'ShortTaskTimeout';
}

export type ShortAttempt = { kind: 'ended'; outcome: ExecutionOutcome } | { kind: 'again'; waitMs: number; isLast: boolean };

export function timedOut(timeoutSeconds: number | null): ExecutionOutcome {
  return { status: 'timed_out', errorType: 'TimedOut', errorMessage: `Timed out after ${timeoutSeconds} s` };
}

/** One attempt of a short task, inside what is left of the run's time. A failed one is recorded; it asks for another while the plan has retries left. */
export async function runShortAttempt({ executions, services, log }: ActivityDeps, plan: RunPlan, opened: OpenedAttempt): Promise<ShortAttempt> {
  const leftMs = () => (plan.timeoutSeconds === null ? Infinity : Date.parse(plan.startedAt) + plan.timeoutSeconds * 1_000 - Date.now());
  const isRunsTime = leftMs() <= ATTEMPT_LIMIT_MS;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new ShortTaskTimeout(`Timed out after ${ATTEMPT_LIMIT_MS / 1_000} s, the most for a short task`)), Math.min(ATTEMPT_LIMIT_MS, Math.max(0, leftMs())));
  try {
    const result = await runAttempt(services, plan, { attempt: opened.attempt, signal: controller.signal, cursor: undefined, saveCursor: () => undefined, log });
    return { kind: 'ended', outcome: { status: 'succeeded', result } };
  } catch (error) {
    const status = error instanceof ShortTaskTimeout ? 'timed_out' : 'failed';
    const failure = classifyFailure(error);
    if (failure.isDeferral) {
      await executions.deferAttempt(plan.executionId, opened.attempt, failure, new Date());
      const waitMs = Math.max(FIRST_BACKOFF_MS, failure.retryDelayMs ?? 0);
      return { kind: 'again', waitMs: Math.max(0, Math.min(waitMs, leftMs())), isLast: waitMs >= leftMs() };
    }
    await executions.failAttempt(plan.executionId, opened.attempt, status, failure, new Date());
    if (status === 'timed_out' && isRunsTime) return { kind: 'ended', outcome: timedOut(plan.timeoutSeconds) };
    if (failure.isRetryable && opened.failedAttempts < plan.maxRetries) {
      const waitMs = failure.retryDelayMs ?? Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** opened.failedAttempts);
      return { kind: 'again', waitMs: Math.max(0, Math.min(waitMs, leftMs())), isLast: waitMs >= leftMs() };
    }
    return { kind: 'ended', outcome: { status, errorType: failure.type, errorMessage: failure.message, errorTraceback: failure.traceback } };
  } finally {
    clearTimeout(timer);
  }
}
