import { staggerOf } from './reconcile-stagger';

test.each([
  [0, 0],
  [80, 0],
  [81, 10],
  [200, 10],
  [201, 20],
  [1_000, 50],
  [5_000, 50],
])('%i runs due in one minute, at 20 starts a second, are spread over %i s', (due, seconds) => {
  expect(staggerOf(due, 20)).toBe(seconds);
});

test('nothing is spread when staggering is turned off', () => {
  expect(staggerOf(100_000, 0)).toBe(0);
});
