import { waitFor } from './process';

test('waitFor returns the first truthy value', async () => {
  let looks = 0;
  expect(await waitFor(async () => (looks += 1) > 2 && looks)).toBe(3);
});

test('waitFor throws after its limit, and names the last value', async () => {
  let looks = 0;
  await expect(waitFor(async () => ((looks += 1), null), 120)).rejects.toThrow(
    'Waited in vain for 0.12 s; at last there was null',
  );
  expect(looks).toBeGreaterThan(1);
});
