import { faultsOf, parseAtNoon } from '../../../test/support/schedule-faults';

test.each([
  [{ interval_seconds: 90, hours: 7 }, 90],
  [{ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1 }, 694_861],
  [{ minutes: 1.5 }, 90],
  [{ hours: 1, minutes: 0 }, 3_600],
])('%j is an interval of %i s', (raw, everySeconds) => {
  expect(parseAtNoon('interval', raw)).toMatchObject({ type: 'interval', everySeconds });
});

test.each([
  [{}, /^interval_seconds: an interval needs/],
  [{ interval_seconds: 0 }, /^interval_seconds: /],
  [{ interval_seconds: 1.5 }, /^interval_seconds: /],
  [{ interval_seconds: '60' }, /^interval_seconds: /],
  [{ minutes: 0 }, /^: .*whole number of seconds/],
  [{ seconds: 0.5 }, /^: .*0.5/],
  [{ minutes: -1, hours: 2 }, /^minutes: /],
  [{ interval_seconds: 1e13 }, /never fires/],
])('the interval %j is refused', (raw, message) => {
  expect(faultsOf('interval', raw)).toEqual([expect.stringMatching(message)]);
});
