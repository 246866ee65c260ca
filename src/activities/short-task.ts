import { classifyFailure, type ClassifiedFailure } from './failures';
import { runAttempt } from './attempt-runner';
import type { ActivityDeps } from './index';
import type { ExecutionOutcome, RunPlan } from './run-request';
import type { OpenedAttempt } from '../storage/execution-repository';

/** A short task may take no longer, or its workflow task would time out. */
const LIMIT_MS = 5_000;

class ShortTaskTimeout extends Error {
  override readonly name = 'ShortTaskTimeout';
}

function timeLimit(timeoutSeconds: number | null): { signal: AbortSignal; clear: () => void } {
  const limitMs = Math.min(LIMIT_MS, (timeoutSeconds ?? Infinity) * 1_000);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new ShortTaskTimeout(`Timed out after ${limitMs / 1_000} s`)), limitMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

export type ShortAttempt = { kind: 'ended'; outcome: ExecutionOutcome } | { kind: 'again'; failure: ClassifiedFailure; cause: unknown };

/** One attempt of a short task. A failed one is recorded; it asks for another while the plan has retries left. */
export async function runShortAttempt({ executions, services, log }: ActivityDeps, plan: RunPlan, opened: OpenedAttempt): Promise<ShortAttempt> {
  const { signal, clear } = timeLimit(plan.timeoutSeconds);
  try {
    const result = await runAttempt(services, plan, { attempt: opened.attempt, signal, cursor: undefined, saveCursor: () => undefined, log });
    return { kind: 'ended', outcome: { status: 'succeeded', result } };
  } catch (cause) {
    const failure = classifyFailure(cause);
    const status = cause instanceof ShortTaskTimeout ? 'timed_out' : 'failed';
    await executions.failAttempt(plan.executionId, opened.attempt, status, failure, new Date());
    if (failure.isRetryable && opened.failedAttempts < plan.maxRetries) return { kind: 'again', failure, cause };
    return { kind: 'ended', outcome: { status, errorType: failure.type, errorMessage: failure.message, errorTraceback: failure.traceback } };
  } finally {
    clear();
  }
}
