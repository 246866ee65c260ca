import { ApplicationFailure } from '@temporalio/common';
import { classifyFailure, refuseTooManyLost, type ClassifiedFailure } from './failures';
import type { ActivityDeps } from './index';

/** Times in a row that one step may be told to come back later; then it counts as a failure. */
const WAITS_ALLOWED = 1_000;
const UNTOLD_WAIT_MS = 60_000;
const LONGEST_BACKOFF_MS = 60_000;

export interface BrokenStep {
  executionId: number;
  /** The run's attempt that the step belongs to. */
  attempt: number;
  maxRetries: number;
  /** Times in a row that it had to wait already. */
  waits: number;
}

/** Set when the other side only asked to come back later: that is nobody's failure. */
function waitOf(failure: ClassifiedFailure): number | undefined {
  const isWait = failure.type === 'RedditError.rate_limited' || (failure.type === 'RedditError.unavailable' && failure.retryDelayMs !== undefined);
  return isWait ? (failure.retryDelayMs ?? UNTOLD_WAIT_MS) : undefined;
}

/**
 * What becomes of a run when one of its steps breaks (docs/adr/0012). The first step that breaks ends the run's attempt
 * and costs one of max_retries; others of that attempt are the same disturbance. A lost worker costs nothing.
 */
export function createStepFailures({ stepAttempts, workerIdentity: worker }: ActivityDeps) {
  return {
    /** A step's last try never reported its end. Throws when too many have gone that way. */
    async recordLost(executionId: number, attempt: number): Promise<void> {
      const { lost } = await stepAttempts.breakAttempt({ executionId, attempt, outcome: 'lost', failure: null, maxRetries: Infinity, isFinal: false, worker });
      refuseTooManyLost(lost);
    },

    /** What to throw: it says whether the step is tried again, and when. No slot is held meanwhile. */
    async judge(step: BrokenStep, error: unknown): Promise<ApplicationFailure> {
      const failure = classifyFailure(error);
      const { message, type } = failure;
      const waitMs = waitOf(failure);
      if (waitMs !== undefined && step.waits < WAITS_ALLOWED) return ApplicationFailure.create({ message, type, nonRetryable: false, nextRetryDelay: waitMs });
      const { failed, isUsedUp } = await stepAttempts.breakAttempt({ ...step, outcome: 'failed', failure, isFinal: !failure.isRetryable, worker });
      return ApplicationFailure.create({
        message,
        type,
        nonRetryable: !failure.isRetryable || isUsedUp,
        nextRetryDelay: failure.retryDelayMs ?? Math.min(LONGEST_BACKOFF_MS, 1_000 * 2 ** Math.max(0, failed - 1)),
        details: [failure.traceback],
      });
    },
  };
}
