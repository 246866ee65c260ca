/** The outcome of a run that was cancelled by a request. */
export const CANCELLED = { status: 'cancelled', errorMessage: 'Cancelled' } as const;

/** The outcome of a run whose time limit has passed. */
export const timedOut = (timeoutSeconds: number | null) => ({
  status: 'timed_out' as const,
  errorType: 'TimedOut',
  errorMessage: `Timed out after ${timeoutSeconds} s`,
});
