/**
 * 'forbidden' stands for all other refusals too. 'blocked': Reddit refuses the client and not only this request.
 * 'malformed' is an unreadable answer; a second try may succeed.
 */
export type RedditErrorKind =
  | 'rate_limited'
  | 'unavailable'
  | 'unauthorized'
  | 'forbidden'
  | 'blocked'
  | 'not_found'
  | 'network'
  | 'malformed'
  | 'aborted';

/** `retryAfterMs` is set when Reddit or the budget tells how long to wait. */
export class RedditError extends Error {
  override readonly name = 'RedditError';
  constructor(
    readonly kind: RedditErrorKind,
    message: string,
    readonly details: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
  }
}
