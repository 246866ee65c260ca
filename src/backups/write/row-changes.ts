/** A row has 32 bits of its transaction id. Beyond half of them, older and newer cannot be told apart. */
const MAX_SPAN = 2n ** 31n;
const CYCLE = 2n ** 32n;

const horizonOf = (snapshot: string) => BigInt(snapshot.split(':')[0] ?? '');
const newestOf = (snapshot: string) => BigInt(snapshot.split(':')[1] ?? '');

/** Why the rows that changed between two snapshots cannot be determined; null when they can. */
export function whyNotComparable(earlier: string, now: string): string | null {
  const span = newestOf(now) - horizonOf(earlier);
  if (span < 0n || newestOf(now) < newestOf(earlier)) return 'the database has gone back in time since';
  return span >= MAX_SPAN ? 'too many transactions have passed since' : null;
}

/**
 * The SQL condition for rows written since the snapshot `earlier`: rows of every transaction that is not older than the
 * oldest one that ran at that snapshot (its horizon). It selects some unchanged rows too, but never misses a changed
 * one. Asking whether a row was visible in the snapshot would miss rows of subtransactions, which a snapshot does not
 * list.
 *
 * A row has only the lower 32 bits of its transaction id, so ids are measured from the horizon, modulo 2^32. A frozen
 * row of an earlier cycle may look new; it is then written once more. Ids below 3 are reserved for frozen and initial
 * rows; these are always selected, to be safe.
 */
export function changedSince(earlier: string, now: string): string {
  const horizon = horizonOf(earlier);
  const span = newestOf(now) - horizon;
  return `((xmin::text::bigint - ${horizon % CYCLE} + ${CYCLE}) % ${CYCLE} <= ${span} or xmin::text::bigint < 3)`;
}
