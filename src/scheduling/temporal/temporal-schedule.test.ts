import { priorityKeyOf } from './temporal-schedule';

test('10 is our highest priority, 1 is Temporal’s; the defaults meet in the middle', () => {
  expect([10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map(priorityKeyOf)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
});
