import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { CANCELLED } from '../shared/run-outcomes';
import { causeOf } from './child-workflow';
import type { ExecutionOutcome } from '../activities/run-request';

export const CHILD_CANCELLED: ExecutionOutcome = {
  status: 'cancelled',
  errorMessage: 'Its child workflow was cancelled',
};

/** The outcome of a run whose activity or child workflow failed. Rethrows errors of the workflow code itself. */
export function outcomeOfFailure(error: unknown): ExecutionOutcome {
  const cause = causeOf(error);
  if (cause instanceof TerminatedFailure)
    return { status: 'terminated', errorType: 'Terminated', errorMessage: 'Its child workflow was terminated' };
  if (cause instanceof TimeoutFailure)
    return { status: 'failed', errorType: 'WorkerLost', errorMessage: `Gave up after lost workers: ${cause.message}` };
  if (cause instanceof ApplicationFailure)
    return {
      status: 'failed',
      errorType: cause.type ?? cause.name,
      errorMessage: cause.message,
      errorTraceback: tracebackOf(cause),
    };
  throw error;
}

/** Activities pass the original traceback as the first detail. */
const tracebackOf = ({ details, stack }: ApplicationFailure) => (details?.[0] as string | undefined) ?? stack ?? null;

/** The workflow's result. Throws for an outcome other than success, so that operators find the workflow as failed. */
export function resultOf({ status, result, errorType, errorMessage }: ExecutionOutcome): ExecutionOutcome['result'] {
  if (status === 'succeeded') return result ?? null;
  if (status === 'cancelled') throw new CancelledFailure(errorMessage ?? CANCELLED.errorMessage);
  throw ApplicationFailure.nonRetryable(errorMessage ?? status, errorType ?? status);
}
