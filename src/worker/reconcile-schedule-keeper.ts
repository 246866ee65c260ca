import type { Logger } from '../platform/logger';

const EVERY_MS = 60_000;

/**
 * Creates the schedule of the reconcile workflow again when somebody has deleted it: without it, nothing else would
 * notice. Returns how to stop.
 */
export function keepReconcileSchedule({
  gateway,
  log,
  everyMs = EVERY_MS,
}: {
  gateway: { restoreReconcileSchedule(): Promise<boolean> };
  log: Pick<Logger, 'warn'>;
  everyMs?: number;
}): () => void {
  const look = async () => {
    try {
      if (await gateway.restoreReconcileSchedule())
        log.warn('the schedule taskloom-reconcile had been deleted, and was created again');
    } catch (error) {
      log.warn({ err: error }, 'could not look for the schedule taskloom-reconcile; the next look comes in a minute');
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  return () => clearInterval(timer);
}
