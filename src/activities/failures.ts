import { ApplicationFailure } from '@temporalio/common';
import type { RedditError, RedditErrorKind } from '../platform/reddit/reddit-client';

export interface ClassifiedFailure {
  type: string;
  message: string;
  traceback: string | null;
  isRetryable: boolean;
  /** Set when the other side said how long to wait. */
  retryDelayMs?: number;
  /** Nobody's failure, and over after a while. `busy`: the other side asked to come back. `away`: it cannot be had, and says nothing. */
  disturbance?: 'busy' | 'away';
}

/** These say that a second try would end the same way. Everything unknown is retried. */
const PERMANENT_NAMES = new Set(['ZodError', 'PermanentTaskError', 'BackupUnavailableError']);
const PERMANENT_REDDIT_KINDS = new Set<string>(['unauthorized', 'forbidden', 'not_found']);
/** PostgreSQL's classes "data exception" and "syntax error or access rule violation". */
const PERMANENT_SQLSTATE = /^(22|42)/;

/** The one place that decides whether a foreign error is worth another attempt. */
export function classifyFailure(error: unknown): ClassifiedFailure {
  if (!(error instanceof Error)) return { type: 'Error', message: String(error), traceback: null, isRetryable: true };
  if (error instanceof ApplicationFailure) {
    return {
      type: error.type ?? error.name,
      message: error.message,
      traceback: tracebackOf(error),
      isRetryable: !error.nonRetryable,
    };
  }
  const failure: ClassifiedFailure = {
    type: error.name,
    message: error.message,
    traceback: tracebackOf(error),
    isRetryable: !PERMANENT_NAMES.has(error.name),
  };
  if (error.name === 'RedditError') {
    const { kind, details } = error as RedditError;
    return {
      ...failure,
      type: `RedditError.${kind}`,
      isRetryable: !PERMANENT_REDDIT_KINDS.has(kind),
      retryDelayMs: details.retryAfterMs,
      disturbance: disturbanceOf(kind, details.retryAfterMs),
    };
  }
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && PERMANENT_SQLSTATE.test(code) && code.length === 5)
    return { ...failure, type: `PostgresError.${code}`, isRetryable: false };
  return failure;
}

/** How often a lost worker (no heartbeat, or shut down) may hand a run on, beside the retries that its config grants. */
const LOST_WORKERS_ALLOWED = 20;

/** Throws when so many of a run's attempts were lost that the run itself must be what kills workers. */
export function refuseTooManyLost(lost: number): void {
  if (lost > LOST_WORKERS_ALLOWED)
    throw ApplicationFailure.nonRetryable(`Gave up after ${LOST_WORKERS_ALLOWED} lost workers`, 'WorkerLost');
}

/** A busy Reddit, or our own budget, names the time from which it will answer. One that cannot be reached, or breaks, names none. */
function disturbanceOf(kind: RedditErrorKind, retryAfterMs = 0): ClassifiedFailure['disturbance'] {
  if (kind === 'rate_limited') return 'busy';
  if (kind === 'unavailable') return retryAfterMs > 0 ? 'busy' : 'away';
  return kind === 'network' ? 'away' : undefined;
}

/** The stack, followed by those of the causes. */
function tracebackOf(error: Error): string {
  const parts: string[] = [];
  for (let current: unknown = error; current instanceof Error && parts.length < 5; current = current.cause)
    parts.push(current.stack ?? String(current));
  return parts.join('\nCaused by: ');
}
