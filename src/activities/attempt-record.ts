import type { ActivityDeps } from './activity-deps';
import type { FailureRecord } from './failure-policy';
import type { RunPlan } from './run-request';
import type { OpenedAttempt } from '../storage/executions/execution-attempts';

/** Records the failure of a run that has one attempt at a time in the attempt's row. */
export function createAttemptRecord(
  { executions }: Pick<ActivityDeps, 'executions'>,
  { executionId, maxRetries }: Pick<RunPlan, 'executionId' | 'maxRetries'>,
  { attempt, failedAttempts, waited }: Omit<OpenedAttempt, 'executionId' | 'lostAttempts'>,
  outcome: 'failed' | 'timed_out' = 'failed',
): FailureRecord {
  return {
    attempt,
    waits: waited,
    recordWait: (failure, waits) =>
      executions.deferAttempt(executionId, attempt, { ...failure, waited: waits }, new Date()),
    async recordFailure(failure) {
      await executions.failAttempt(executionId, attempt, outcome, failure, new Date());
      return { failedBefore: failedAttempts, hasRetriesLeft: failedAttempts < maxRetries };
    },
  };
}
