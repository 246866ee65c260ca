import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { RedditError, RedditErrorKind } from '../platform/reddit/reddit-client';

export interface ClassifiedFailure {
  type: string;
  message: string;
  traceback: string | null;
  isRetryable: boolean;
  /** Set when the server named a delay. */
  retryDelayMs?: number;
  /**
   * Set for a transient failure of the server. `busy`: it asked to come back later. `away`: it cannot be reached, or
   * breaks, and names no time.
   */
  disturbance?: 'busy' | 'away';
}

/** Errors that a retry cannot mend. Unknown errors are retried. */
const PERMANENT_NAMES = new Set(['ZodError', 'PermanentTaskError', 'BackupUnavailableError']);
const PERMANENT_REDDIT_KINDS = new Set<string>(['unauthorized', 'forbidden', 'not_found']);
/** PostgreSQL's classes "data exception" and "syntax error or access rule violation". */
const PERMANENT_SQLSTATE = /^(22|42)/;

/** A message is a sentence for users; what is longer is cut, and a stack in it is left to the traceback. */
const LONGEST_MESSAGE = 1_000;

function messageOf(error: Error): string {
  const { issues } = error as { issues?: { path: PropertyKey[]; message: string }[] };
  const isZod = error.name === 'ZodError' && Array.isArray(issues);
  const message = isZod
    ? issues.map((issue) => [...issue.path.map(String), issue.message].join(': ')).join('; ')
    : error.message;
  const [withoutStack = ''] = message.split(/\n\s+at /);
  return withoutStack.length > LONGEST_MESSAGE ? `${withoutStack.slice(0, LONGEST_MESSAGE)} …` : withoutStack;
}

/** Classifies an error. failure-policy.ts decides what follows. */
export function classifyFailure(error: unknown): ClassifiedFailure {
  if (!(error instanceof Error)) return { type: 'Error', message: String(error), traceback: null, isRetryable: true };
  if (error instanceof ApplicationFailure) {
    return {
      type: error.type ?? error.name,
      message: messageOf(error),
      traceback: tracebackOf(error),
      isRetryable: !error.nonRetryable,
    };
  }
  const failure: ClassifiedFailure = {
    type: error.name,
    message: messageOf(error),
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

/** Whether an attempt was cancelled only because its worker shuts down: another worker will continue the run. */
export const isWorkerShutdown = (error: unknown) =>
  error instanceof CancelledFailure && error.message === 'WORKER_SHUTDOWN';

/**
 * A busy Reddit, and our request budget, name a delay. A Reddit that cannot be reached, breaks, or blocks the client,
 * names none.
 */
function disturbanceOf(kind: RedditErrorKind, retryAfterMs = 0): ClassifiedFailure['disturbance'] {
  if (kind === 'rate_limited') return 'busy';
  if (kind === 'unavailable' || kind === 'blocked') return retryAfterMs > 0 ? 'busy' : 'away';
  return kind === 'network' ? 'away' : undefined;
}

/** The stack trace, followed by those of up to four causes. */
function tracebackOf(error: Error): string {
  const parts: string[] = [];
  for (let current: unknown = error; current instanceof Error && parts.length < 5; current = current.cause)
    parts.push(current.stack ?? String(current));
  return parts.join('\nCaused by: ');
}
