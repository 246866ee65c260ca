import { runAttempt } from './attempt-runner';
import { createAttemptRecord } from './attempt-record';
import { timedOut } from '../shared/run-outcomes';
import { applyFailurePolicy } from './failure-policy';
import type { ActivityDeps } from './activity-deps';
import type { ExecutionOutcome, RunPlan } from './run-request';
import type { OpenedAttempt } from '../storage/executions/execution-attempts';

/** A longer attempt would make its workflow task time out. */
const ATTEMPT_LIMIT_MS = 5_000;

class ShortTaskTimeout extends Error {
  override readonly name = 'ShortTaskTimeout';
}

export type ShortAttempt =
  { kind: 'ended'; outcome: ExecutionOutcome } | { kind: 'again'; waitMs: number; isLast: boolean };

/**
 * One attempt of a short task, within the remaining time of the run. A failure is recorded; `again` asks for a retry.
 */
export async function runShortAttempt(deps: ActivityDeps, plan: RunPlan, opened: OpenedAttempt): Promise<ShortAttempt> {
  const isRunTimeTheLimit = remainingMs(plan) <= ATTEMPT_LIMIT_MS;
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(attemptTimeout()),
    Math.min(ATTEMPT_LIMIT_MS, Math.max(0, remainingMs(plan))),
  );
  try {
    const result = await runAttempt(deps.services, plan, {
      attempt: opened.attempt,
      signal: controller.signal,
      cursor: undefined,
      saveCursor: () => undefined,
      log: deps.log,
    });
    return { kind: 'ended', outcome: { status: 'succeeded', result } };
  } catch (error) {
    return await afterFailure(deps, plan, opened, { error, isRunTimeTheLimit });
  } finally {
    clearTimeout(timer);
  }
}

async function afterFailure(
  deps: ActivityDeps,
  plan: RunPlan,
  opened: OpenedAttempt,
  { error, isRunTimeTheLimit }: { error: unknown; isRunTimeTheLimit: boolean },
): Promise<ShortAttempt> {
  const status = error instanceof ShortTaskTimeout ? 'timed_out' : 'failed';
  const record = createAttemptRecord(deps, plan, opened, status);
  const decision = await applyFailurePolicy(error, record, deps.outagePatience);
  if (status === 'timed_out' && isRunTimeTheLimit) return { kind: 'ended', outcome: timedOut(plan.timeoutSeconds) };
  if (decision.kind !== 'end') {
    const leftMs = remainingMs(plan);
    return {
      kind: 'again',
      waitMs: Math.max(0, Math.min(decision.delayMs, leftMs)),
      isLast: decision.delayMs >= leftMs,
    };
  }
  const { type, message, traceback } = decision.failure;
  return { kind: 'ended', outcome: { status, errorType: type, errorMessage: message, errorTraceback: traceback } };
}

/** What is left of the run's time limit, negative when it has passed. */
const remainingMs = ({ timeoutSeconds, startedAt }: RunPlan) =>
  timeoutSeconds === null ? Infinity : Date.parse(startedAt) + timeoutSeconds * 1_000 - Date.now();

const attemptTimeout = () =>
  new ShortTaskTimeout(`Timed out after ${ATTEMPT_LIMIT_MS / 1_000} s, the most for a short task`);
