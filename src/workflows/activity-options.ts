/** Retries without a limit, at pauses from 1 s to a minute. Activities fail permanently when the run must end. */
export const RETRY_FOREVER = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;

/** Ten missed heartbeats: the worker is dead, or its activity hangs. */
export const HEARTBEAT_TIMEOUT = '10s';

/**
 * For local activities that write rows: no round trip through the server, and repeated until PostgreSQL is available.
 */
export const ROW_WRITE = { startToCloseTimeout: '15s', retry: RETRY_FOREVER } as const;
