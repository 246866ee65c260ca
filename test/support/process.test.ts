import { waitFor } from './process';

test('a wait tells what it waited for', async () => {
  let looks = 0;
  expect(await waitFor(async () => (looks += 1) > 2 && looks)).toBe(3);
});

test('a wait in vain ends by itself, with what was there last', async () => {
  let looks = 0;
  await expect(waitFor(async () => ((looks += 1), null), 120)).rejects.toThrow(
    'Waited in vain for 0.12 s; at last there was null',
  );
  expect(looks).toBeGreaterThan(1);
});
