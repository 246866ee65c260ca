import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { classifyFailure, refuseTooManyLost } from './failures';
import { judgeWait, noWaits, OUTAGE_PATIENCE } from './transient-waits';
import type { ActivityDeps } from './index';
import type { AttemptWaits } from '../storage/executions/execution-attempts';

const LONGEST_BACKOFF_MS = 60_000;

export interface BrokenStep {
  executionId: number;
  /** The run's attempt that the step belongs to. */
  attempt: number;
  maxRetries: number;
  /** What it has waited for already; an older attempt's counts for nothing. */
  waited: AttemptWaits | null;
}
export interface StepVerdict {
  /** What to throw: it says whether the step is tried again, and when. */
  failure: ApplicationFailure;
  /** What the next try has waited for. */
  waited: AttemptWaits | null;
}

/**
 * What becomes of a run when one of its steps breaks (docs/adr/0012). The first step that breaks ends the run's attempt
 * and costs one of max_retries; others of that attempt are the same disturbance. A lost worker costs nothing.
 */
export function createStepFailures({
  stepAttempts,
  workerIdentity: worker,
  outagePatience = OUTAGE_PATIENCE,
}: ActivityDeps) {
  return {
    /** A step's last try never reported its end. Throws when too many have gone that way. */
    async recordLost(executionId: number, attempt: number): Promise<void> {
      const { lost } = await stepAttempts.breakAttempt({
        executionId,
        attempt,
        outcome: 'lost',
        failure: null,
        maxRetries: Infinity,
        isFinal: false,
        worker,
      });
      refuseTooManyLost(lost);
    },

    /** No slot is held until the next try. */
    async judge(step: BrokenStep, error: unknown): Promise<StepVerdict> {
      const waited = step.waited?.attempt === step.attempt ? step.waited : noWaits(step.attempt);
      const verdict = judgeWait(classifyFailure(error), waited, { now: Date.now(), patience: outagePatience });
      if (verdict.kind === 'wait') {
        const { message, type } = classifyFailure(error);
        return {
          failure: ApplicationFailure.create({
            message,
            type,
            nextRetryDelay: verdict.waitMs,
            category: ApplicationFailureCategory.BENIGN,
          }),
          waited: verdict.waited,
        };
      }
      const { failure } = verdict;
      const { failed, isUsedUp } = await stepAttempts.breakAttempt({
        ...step,
        outcome: 'failed',
        failure,
        isFinal: !failure.isRetryable,
        worker,
      });
      const thrown = ApplicationFailure.create({
        message: failure.message,
        type: failure.type,
        nonRetryable: !failure.isRetryable || isUsedUp,
        nextRetryDelay: failure.retryDelayMs ?? Math.min(LONGEST_BACKOFF_MS, 1_000 * 2 ** Math.max(0, failed - 1)),
        details: [failure.traceback],
      });
      return { failure: thrown, waited: null };
    },
  };
}
