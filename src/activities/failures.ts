import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import { RedditError, type RedditErrorKind } from '../shared/reddit-error';

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

const PERMANENT_REDDIT_KINDS = new Set<string>(['unauthorized', 'forbidden', 'not_found']);
/** PostgreSQL's classes "data exception" and "syntax error or access rule violation". */
const PERMANENT_SQLSTATE = /^(22|42)/;

/** A message is a sentence for users; what is longer is cut, and a stack in it is left to the traceback. */
const LONGEST_MESSAGE = 1_000;

function messageOf(error: Error): string {
  const message =
    error instanceof z.ZodError
      ? error.issues.map((issue) => [...issue.path.map(String), issue.message].join(': ')).join('; ')
      : error.message;
  const [withoutStack = ''] = message.split(/\n\s+at /);
  return withoutStack.length > LONGEST_MESSAGE ? `${withoutStack.slice(0, LONGEST_MESSAGE)} …` : withoutStack;
}

/** Whether a retry cannot mend an error. Unknown errors are retried. */
const isPermanent = (error: Error) =>
  error instanceof z.ZodError || (error as { isPermanent?: boolean }).isPermanent === true;

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
    isRetryable: !isPermanent(error),
  };
  if (error instanceof RedditError) {
    const { kind, details } = error;
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
