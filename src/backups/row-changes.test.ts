import { changedSince, whyNotComparable } from './row-changes';

/** The condition's own arithmetic, for a row whose full transaction id is known. */
function isChanged(xid: bigint, earlier: string, now: string): boolean {
  const [, horizon, span] = /- (\d+) \+ 4294967296\) % 4294967296 <= (\d+) /.exec(changedSince(earlier, now)) ?? [];
  return ((xid % 2n ** 32n) - BigInt(horizon!) + 2n ** 32n) % 2n ** 32n <= BigInt(span!);
}

test('changed is what was written by a transaction not older than the horizon', () => {
  // 90 was at work while 95 had ended.
  expect([89n, 90n, 95n, 100n, 150n].map((xid) => isChanged(xid, '90:100:90', '150:150:'))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});

test('around the end of the 32 bits of a row', () => {
  const cycle = 2n ** 32n;
  const earlier = `${cycle - 5n}:${cycle - 1n}:`;
  const now = `${cycle + 20n}:${cycle + 20n}:`;
  expect(
    [cycle - 6n, cycle - 5n, cycle - 1n, cycle + 3n, cycle + 19n].map((xid) => isChanged(xid, earlier, now)),
  ).toEqual([false, true, true, true, true]);
  // Frozen long ago in the cycle before: taken for new, which costs a row and loses none.
  expect(isChanged(10n, earlier, now)).toBe(true);
  expect(isChanged(cycle / 2n, earlier, now)).toBe(false);
});

test('what cannot be compared begins anew', () => {
  expect(whyNotComparable('90:100:', '100:100:')).toBeNull();
  expect(whyNotComparable('90:100:', '95:99:')).toMatch(/back in time/);
  expect(whyNotComparable('90:100:', `${2n ** 31n + 90n}:${2n ** 31n + 90n}:`)).toMatch(/too many transactions/);
  expect(whyNotComparable('90:100:', `${2n ** 31n + 89n}:${2n ** 31n + 89n}:`)).toBeNull();
});
