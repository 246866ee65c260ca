export interface RateLimit {
  /** How many a client may ask in one window. */
  requests: number;
  windowSeconds: number;
  /** When false the headers count, but nobody is refused. */
  throttle: boolean;
}

export interface RateState {
  isExhausted: boolean;
  resetSeconds: number;
  headers: Record<string, string>;
}

/** Counts by client id in fixed windows, as Reddit does. `clock` is in milliseconds. */
export function createRateWindow(limit: RateLimit, clock: () => number) {
  const windowMs = limit.windowSeconds * 1000;
  let current = -1;
  const used = new Map<string, number>();

  return {
    spend(clientId: string): RateState {
      const now = clock();
      const window = Math.floor(now / windowMs);
      if (window !== current) {
        used.clear();
        current = window;
      }
      const before = used.get(clientId) ?? 0;
      const isExhausted = limit.throttle && before >= limit.requests;
      const count = isExhausted ? before : before + 1;
      used.set(clientId, count);
      const resetSeconds = Math.ceil(((window + 1) * windowMs - now) / 1000);
      return {
        isExhausted,
        resetSeconds,
        headers: {
          'x-ratelimit-used': String(count),
          'x-ratelimit-remaining': Math.max(0, limit.requests - count).toFixed(1),
          'x-ratelimit-reset': String(resetSeconds),
        },
      };
    },
    reset: () => used.clear(),
  };
}
