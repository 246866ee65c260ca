import { applyFailurePolicy, refuseTooManyLost, toApplicationFailure } from './failure-policy';
import type { ApplicationFailure } from '@temporalio/common';
import type { ActivityDeps } from './activity-deps';
import type { AttemptWaits } from '../storage/executions/execution-attempts';

export interface FailedStep {
  executionId: number;
  /** The run's attempt that the step belongs to. */
  attempt: number;
  maxRetries: number;
  /** The step's waits so far. */
  waits: AttemptWaits | null;
}
export interface StepDecision {
  /** The error to throw: it tells Temporal whether to repeat the step, and when. */
  failure: ApplicationFailure;
  /** What the step has waited for, to be passed in with its next failure. */
  waits: AttemptWaits | null;
}

/**
 * The failure policy of runs with several steps at once (docs/adr/0012). The first step that fails ends the run's
 * attempt and costs one of max_retries; further failures in the same attempt count as the same one. A lost worker costs
 * nothing.
 */
export function createStepFailures({ stepAttempts, workerIdentity: worker, outagePatience }: ActivityDeps) {
  return {
    /** Records that the step's last try never reported its end. Throws when too many were lost. */
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

    /**
     * Decides what follows a failed step. Waits are not recorded here: the caller stores them with the step's state.
     */
    async decide({ executionId, attempt, maxRetries, waits }: FailedStep, error: unknown): Promise<StepDecision> {
      const decision = await applyFailurePolicy(
        error,
        {
          attempt,
          waits,
          recordWait: async () => undefined,
          async recordFailure(failure) {
            const { failed, isUsedUp } = await stepAttempts.breakAttempt({
              executionId,
              attempt,
              outcome: 'failed',
              failure,
              maxRetries,
              isFinal: !failure.isRetryable,
              worker,
            });
            return { failedBefore: Math.max(0, failed - 1), hasRetriesLeft: !isUsedUp };
          },
        },
        outagePatience,
      );
      return { failure: toApplicationFailure(decision), waits: decision.kind === 'wait' ? decision.waits : null };
    },
  };
}
