import { createSingleFlight } from './single-flight';

/** Questions that the test answers when it wants, by their number. */
function questions() {
  const open: { resolve: (n: number) => void; reject: (error: Error) => void }[] = [];
  return { open, ask: () => new Promise<number>((resolve, reject) => open.push({ resolve, reject })) };
}
const settle = () => new Promise(setImmediate);

test('a call made while another runs shares the next call, not the running one', async () => {
  const together = createSingleFlight();
  const { open, ask } = questions();
  const first = together('a', ask);
  const late = [together('a', ask), together('a', ask)];
  await settle();
  expect(open).toHaveLength(1);
  open[0]?.resolve(1);
  expect(await first).toBe(1);
  await settle();
  expect(open).toHaveLength(2);
  const later = together('a', ask);
  open[1]?.resolve(2);
  expect(await Promise.all(late)).toEqual([2, 2]);
  await settle();
  open[2]?.resolve(3);
  expect(await later).toBe(3);
});

test('calls with other keys do not wait, and a later call asks anew', async () => {
  const together = createSingleFlight();
  const { open, ask } = questions();
  const both = [together('a', ask), together('b', ask)];
  open.forEach(({ resolve }, index) => resolve(index));
  expect(await Promise.all(both)).toEqual([0, 1]);
  await settle();
  void together('a', ask);
  expect(open).toHaveLength(3);
});

test('only those who shared a failed call get its error', async () => {
  const together = createSingleFlight();
  const { open, ask } = questions();
  const first = together('a', ask);
  const second = together('a', ask);
  open[0]?.reject(new Error('lost'));
  await expect(first).rejects.toThrow('lost');
  await settle();
  open[1]?.resolve(2);
  expect(await second).toBe(2);
  await expect(together('a', () => Promise.reject(new Error('lost again')))).rejects.toThrow('lost again');
  expect(await together('a', async () => 4)).toBe(4);
});
