import { priorityKeyOf } from './priority-key';

test('the priorities 10 to 1 map to the keys 1 to 5, two to a key', () => {
  expect([10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map(priorityKeyOf)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
});
