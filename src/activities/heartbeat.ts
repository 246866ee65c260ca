import type { Context } from '@temporalio/activity';

const INTERVAL_MS = 1_000;

/**
 * Heartbeats every second while `work` is running, with the newest details. A heartbeat tells the activity that it was
 * cancelled, and lets Temporal notice a dead worker before the activity's time limit.
 */
export async function withHeartbeat<Result>(
  context: Pick<Context, 'heartbeat'>,
  details: () => unknown,
  work: () => Promise<Result>,
): Promise<Result> {
  const timer = setInterval(() => context.heartbeat(details()), INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
