import { DAY_MS } from '../shared/durations';

const BATCH = 1_000;
/** The rest is left to the next pass, since the reconcile pass runs every minute. */
const BATCHES_PER_PASS = 50;

export interface AuditRetentionDeps {
  /** `removeOldest` removes at most `limit` of the entries before a time, and returns how many it removed. */
  audit: { removeOldest(before: Date, limit: number): Promise<number> };
  /** 0 keeps entries for ever. */
  days: number;
}

/** Removes audit entries older than `days`, in batches: one long deletion would block writers. */
export function createAuditRetention({ audit, days }: AuditRetentionDeps) {
  return async function removeOldEntries(now = new Date()): Promise<{ auditEntriesRemoved: number }> {
    let removed = 0;
    if (days === 0) return { auditEntriesRemoved: removed };
    const before = new Date(now.getTime() - days * DAY_MS);
    for (let batch = 0; batch < BATCHES_PER_PASS; batch += 1) {
      const count = await audit.removeOldest(before, BATCH);
      removed += count;
      if (count < BATCH) break;
    }
    return { auditEntriesRemoved: removed };
  };
}
