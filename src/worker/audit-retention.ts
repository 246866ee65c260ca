import { DAY_MS } from '../shared/durations';

const BATCH = 1_000;
/** More is left to the next pass: this one shares its minute with the repairs. */
const BATCHES_PER_PASS = 50;

export interface AuditRetentionDeps {
  /** Its `removeOldest` removes so many at most of the entries before a time, and answers how many there were. */
  audit: { removeOldest(before: Date, limit: number): Promise<number> };
  /** 0: for ever. */
  days: number;
}

/** Removes audit entries that are too old, in batches: one long deletion would hold up those who write. */
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
