/** Half of the ids that a row can tell apart: older than that, "since" would have no meaning. */
const MAX_SPAN = 2n ** 31n;
const CYCLE = 2n ** 32n;

const horizonOf = (snapshot: string) => BigInt(snapshot.split(':')[0] ?? '');
const newestOf = (snapshot: string) => BigInt(snapshot.split(':')[1] ?? '');

/** Why the rows changed since `earlier` cannot be told at `now`; null when they can. */
export function whyNotComparable(earlier: string, now: string): string | null {
  const span = newestOf(now) - horizonOf(earlier);
  if (span < 0n || newestOf(now) < newestOf(earlier)) return 'the database has gone back in time since';
  return span >= MAX_SPAN ? 'too many transactions have passed since' : null;
}

/**
 * The condition of SQL for rows written since: those whose transaction had not surely ended when `earlier` was taken, i.e.
 * is not older than the oldest one at work then. That is some rows more than there need be, and never one too few: a
 * snapshot does not name subtransactions, so asking whether a row was visible would miss those of a transaction at work.
 * A row has the lower half of the id alone. It is measured from the horizon on, around the end of the cycle; a frozen row of
 * an earlier cycle may look new and is then written once more. Ids below 3 are old or frozen for good, and taken to be safe.
 */
export function changedSince(earlier: string, now: string): string {
  const horizon = horizonOf(earlier);
  const span = newestOf(now) - horizon;
  return `((xmin::text::bigint - ${horizon % CYCLE} + ${CYCLE}) % ${CYCLE} <= ${span} or xmin::text::bigint < 3)`;
}
