import { changedSince, whyNotComparable } from './row-changes';

/** Evaluates the arithmetic of the condition for a row with a known full transaction id. */
function isChanged(xid: bigint, earlier: string, now: string): boolean {
  const [, horizon, span] = /- (\d+) \+ 4294967296\) % 4294967296 <= (\d+) /.exec(changedSince(earlier, now)) ?? [];
  return ((xid % 2n ** 32n) - BigInt(horizon!) + 2n ** 32n) % 2n ** 32n <= BigInt(span!);
}

test('a row counts as changed when its transaction is not older than the horizon', () => {
  // Transaction 90 was running; 95 had ended.
  expect([89n, 90n, 95n, 100n, 150n].map((xid) => isChanged(xid, '90:100:90', '150:150:'))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});

test('the comparison holds across the wraparound of 32-bit transaction ids', () => {
  const cycle = 2n ** 32n;
  const earlier = `${cycle - 5n}:${cycle - 1n}:`;
  const now = `${cycle + 20n}:${cycle + 20n}:`;
  expect(
    [cycle - 6n, cycle - 5n, cycle - 1n, cycle + 3n, cycle + 19n].map((xid) => isChanged(xid, earlier, now)),
  ).toEqual([false, true, true, true, true]);
  // A row frozen in the cycle before counts as changed: one row too many, none lost.
  expect(isChanged(10n, earlier, now)).toBe(true);
  expect(isChanged(cycle / 2n, earlier, now)).toBe(false);
});

test('snapshots that cannot be compared give a reason', () => {
  expect(whyNotComparable('90:100:', '100:100:')).toBeNull();
  expect(whyNotComparable('90:100:', '95:99:')).toMatch(/back in time/);
  expect(whyNotComparable('90:100:', `${2n ** 31n + 90n}:${2n ** 31n + 90n}:`)).toMatch(/too many transactions/);
  expect(whyNotComparable('90:100:', `${2n ** 31n + 89n}:${2n ** 31n + 89n}:`)).toBeNull();
});
