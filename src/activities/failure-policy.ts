import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { classifyFailure, type ClassifiedFailure } from './failures';
import { decideWait, initialWaits, OUTAGE_PATIENCE, type OutagePatience } from './transient-waits';
import type { AttemptWaits } from '../storage/executions/execution-attempts';

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
/** How many attempts a run may lose with their workers (no heartbeat, or shut down), besides the configured retries. */
const LOST_WORKERS_ALLOWED = 20;

/** What follows a failure: the same attempt continues after a wait, another attempt begins, or the run ends. */
export type FailureDecision =
  | { kind: 'wait'; failure: ClassifiedFailure; delayMs: number; waits: AttemptWaits }
  | { kind: 'retry'; failure: ClassifiedFailure; delayMs: number }
  | { kind: 'end'; failure: ClassifiedFailure };

/** Where the failures of one attempt are recorded. Each kind of work (activity, short task, step) has its own. */
export interface FailureRecord {
  attempt: number;
  /** Waits since the last progress. Those of another attempt are ignored. */
  waits: AttemptWaits | null;
  recordWait(failure: ClassifiedFailure, waits: AttemptWaits): Promise<void>;
  recordFailure(failure: ClassifiedFailure): Promise<RetryAllowance>;
}
export interface RetryAllowance {
  /** Failed attempts of the run before this one; lost attempts do not count. */
  failedBefore: number;
  hasRetriesLeft: boolean;
}

/**
 * The failure policy of all work: transient failures are waited for without cost, failed attempts are retried with
 * exponential backoff (or the delay that the other side named) while the run has retries left, and permanent failures
 * end the run.
 */
export async function applyFailurePolicy(
  error: unknown,
  record: FailureRecord,
  patience: OutagePatience = OUTAGE_PATIENCE,
): Promise<FailureDecision> {
  const waitsBefore = record.waits?.attempt === record.attempt ? record.waits : initialWaits(record.attempt);
  const decision = decideWait(classifyFailure(error), waitsBefore, { now: Date.now(), patience });
  const { failure } = decision;
  if (decision.kind === 'wait') {
    await record.recordWait(failure, decision.waits);
    return decision;
  }
  const { failedBefore, hasRetriesLeft } = await record.recordFailure(failure);
  return failure.isRetryable && hasRetriesLeft
    ? { kind: 'retry', failure, delayMs: failure.retryDelayMs ?? backoffMs(failedBefore) }
    : { kind: 'end', failure };
}

/** 1 s after the first failed attempt, doubled after each further one, at most a minute. */
const backoffMs = (failedBefore: number) => Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failedBefore);

/** The decision in the form that makes Temporal carry it out, when an activity throws it. */
export function toApplicationFailure(decision: FailureDecision): ApplicationFailure {
  const { message, type, traceback } = decision.failure;
  switch (decision.kind) {
    case 'wait':
      return ApplicationFailure.create({
        message,
        type,
        nextRetryDelay: decision.delayMs,
        category: ApplicationFailureCategory.BENIGN,
      });
    case 'retry':
      return ApplicationFailure.create({ message, type, nextRetryDelay: decision.delayMs, details: [traceback] });
    case 'end':
      return ApplicationFailure.create({ message, type, nonRetryable: true, details: [traceback] });
  }
}

/** Throws when a run has lost so many attempts that the run itself probably kills the workers. */
export function refuseTooManyLost(lostAttempts: number): void {
  if (lostAttempts > LOST_WORKERS_ALLOWED)
    throw ApplicationFailure.nonRetryable(`Gave up after ${LOST_WORKERS_ALLOWED} lost workers`, 'WorkerLost');
}

/** Nothing is left to do for an execution whose row has ended. */
export const executionEnded = () =>
  ApplicationFailure.nonRetryable('The execution has ended meanwhile', 'ExecutionEnded');
