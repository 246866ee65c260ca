import { classifyFailure } from './failures';
import { runAttempt } from './attempt-runner';
import { judgeWait, noWaits, OUTAGE_PATIENCE } from './transient-waits';
import type { ActivityDeps } from './index';
import type { ExecutionOutcome, RunPlan } from './run-request';
import type { OpenedAttempt } from '../storage/executions/execution-attempts';

/** An attempt of a short task may take no longer, or its workflow task would time out. */
const ATTEMPT_LIMIT_MS = 5_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

class ShortTaskTimeout extends Error {
  override readonly name = 'ShortTaskTimeout';
}

export type ShortAttempt =
  { kind: 'ended'; outcome: ExecutionOutcome } | { kind: 'again'; waitMs: number; isLast: boolean };

export function timedOut(timeoutSeconds: number | null): ExecutionOutcome {
  return { status: 'timed_out', errorType: 'TimedOut', errorMessage: `Timed out after ${timeoutSeconds} s` };
}

/** One attempt of a short task, inside what is left of the run's time. A failed one is recorded; it asks for another while the plan has retries left. */
export async function runShortAttempt(
  { executions, services, log, outagePatience = OUTAGE_PATIENCE }: ActivityDeps,
  plan: RunPlan,
  opened: OpenedAttempt,
): Promise<ShortAttempt> {
  const leftMs = () =>
    plan.timeoutSeconds === null ? Infinity : Date.parse(plan.startedAt) + plan.timeoutSeconds * 1_000 - Date.now();
  const isRunsTime = leftMs() <= ATTEMPT_LIMIT_MS;
  const controller = new AbortController();
  const timer = setTimeout(
    () =>
      controller.abort(
        new ShortTaskTimeout(`Timed out after ${ATTEMPT_LIMIT_MS / 1_000} s, the most for a short task`),
      ),
    Math.min(ATTEMPT_LIMIT_MS, Math.max(0, leftMs())),
  );
  try {
    const result = await runAttempt(services, plan, {
      attempt: opened.attempt,
      signal: controller.signal,
      cursor: undefined,
      saveCursor: () => undefined,
      log,
    });
    return { kind: 'ended', outcome: { status: 'succeeded', result } };
  } catch (error) {
    const status = error instanceof ShortTaskTimeout ? 'timed_out' : 'failed';
    const again = (waitMs: number): ShortAttempt => ({
      kind: 'again',
      waitMs: Math.max(0, Math.min(waitMs, leftMs())),
      isLast: waitMs >= leftMs(),
    });
    const classified = classifyFailure(error);
    const verdict = judgeWait(classified, opened.waited ?? noWaits(opened.attempt), {
      now: Date.now(),
      patience: outagePatience,
    });
    if (verdict.kind === 'wait') {
      await executions.deferAttempt(
        plan.executionId,
        opened.attempt,
        { ...classified, waited: verdict.waited },
        new Date(),
      );
      return again(verdict.waitMs);
    }
    const { failure } = verdict;
    await executions.failAttempt(plan.executionId, opened.attempt, status, failure, new Date());
    if (status === 'timed_out' && isRunsTime) return { kind: 'ended', outcome: timedOut(plan.timeoutSeconds) };
    if (failure.isRetryable && opened.failedAttempts < plan.maxRetries) {
      return again(failure.retryDelayMs ?? Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** opened.failedAttempts));
    }
    return {
      kind: 'ended',
      outcome: { status, errorType: failure.type, errorMessage: failure.message, errorTraceback: failure.traceback },
    };
  } finally {
    clearTimeout(timer);
  }
}
