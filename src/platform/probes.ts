import type { Connection } from '@temporalio/client';
import type { Database } from './postgres/postgres';
import type { KeyValueStore } from './key-value-store/key-value-store';
import type { RedditClient } from './reddit/reddit-client';

export interface ProbeResult {
  status: 'healthy' | 'unhealthy';
  message: string;
  latencyMs: number;
}
export type Probe = () => Promise<ProbeResult>;

const TIME_LIMIT_MS = 3_000;

/** Shares one result among all calls within `maxAgeMs`, so that 500 health checks ask each server once. */
export function createProbe(ask: (signal: AbortSignal) => Promise<unknown>, maxAgeMs = 1_000): Probe {
  let last: { at: number; result: Promise<ProbeResult> } | undefined;

  async function probe(): Promise<ProbeResult> {
    const startedAt = performance.now();
    const signal = AbortSignal.timeout(TIME_LIMIT_MS);
    const tooLate = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error(`No answer within ${TIME_LIMIT_MS / 1_000} s`)), {
        once: true,
      }),
    );
    try {
      await Promise.race([ask(signal), tooLate]);
      return { status: 'healthy', message: 'OK', latencyMs: elapsed(startedAt) };
    } catch (error) {
      return {
        status: 'unhealthy',
        message: error instanceof Error ? error.message : String(error),
        latencyMs: elapsed(startedAt),
      };
    }
  }

  return () => {
    if (!last || performance.now() - last.at > maxAgeMs) last = { at: performance.now(), result: probe() };
    return last.result;
  };
}

const elapsed = (startedAt: number) => Math.round((performance.now() - startedAt) * 10) / 10;

/** Probes of the servers that runs depend on. */
export function createProbes(servers: {
  database: Database;
  redis: KeyValueStore;
  temporal: Connection;
  reddit: RedditClient;
}) {
  return {
    postgres: createProbe(() => servers.database.raw('select 1')),
    redis: createProbe(() => servers.redis.ping()),
    temporal: createProbe(() => servers.temporal.workflowService.getSystemInfo({})),
    // This probe spends a request of Reddit's budget, so its result is kept for longer.
    reddit: createProbe((signal) => servers.reddit.probe(signal), 10_000),
  };
}
