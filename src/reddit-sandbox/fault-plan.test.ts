import { startSandbox } from './sandbox-test-client';
import type { Child } from './sandbox-test-client';

let client: Awaited<ReturnType<typeof startSandbox>>;
beforeAll(async () => {
  client = await startSandbox();
});
beforeEach(() => client.sandbox.reset());
afterAll(() => client.sandbox.close());

const PATH = '/r/programming/new?limit=10';
const statuses = async (count: number) => {
  const seen: number[] = [];
  for (let asked = 0; asked < count; asked++) seen.push((await client.ask(PATH)).status);
  return seen;
};

test('answers every third request with the chosen error until the fault is switched off', async () => {
  client.sandbox.setFaults({ errorEvery: 3, errorStatus: 502 });
  expect(await statuses(6)).toEqual([200, 200, 502, 200, 200, 502]);
  client.sandbox.setFaults({ errorEvery: 0 });
  expect(await statuses(3)).toEqual([200, 200, 200]);
});

test('tells in a burst of 429 answers how long to wait', async () => {
  client.sandbox.setFaults({ rateLimitEvery: 3, rateLimitBurst: 2, retryAfterSeconds: 7 });
  expect(await statuses(5)).toEqual([200, 200, 429, 429, 200]);
  const refused = await client.ask(PATH);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('7');
});

test('tells the end of the rate window as a Unix time', async () => {
  client.sandbox.setFaults({ isResetEpoch: true });
  const { headers } = await client.ask(PATH);
  expect(Number(headers.get('x-ratelimit-reset')) * 1_000).toBeGreaterThan(Date.now() - 1_000);
});

test('truncates bodies, answers HTML pages, and resets connections', async () => {
  client.sandbox.setFaults({ truncateEvery: 1 });
  await expect(client.ask(PATH)).rejects.toThrow(/JSON/);
  client.sandbox.setFaults({ truncateEvery: 0, htmlEvery: 1 });
  await expect(client.ask(PATH)).rejects.toThrow(/JSON/);
  client.sandbox.setFaults({ htmlEvery: 0, resetEvery: 1 });
  await expect(client.ask(PATH)).rejects.toMatchObject({
    cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) },
  });
  expect(client.sandbox.requests.entries.map(({ status }) => status)).toEqual([200, 200, 0]);
});

test('keeps the other items and the cursor of a page that has malformed items', async () => {
  const whole = await client.ask(PATH);
  client.sandbox.setFaults({ malformedEvery: 5 });
  const spoilt = await client.ask(PATH);
  const readable = spoilt.body.data.children.filter((child: Child | null) => typeof child?.data?.id === 'string');
  expect(readable).toHaveLength(8);
  expect(spoilt.body.data.after).toBe(whole.body.data.after);
});

test('delays answers by the latency', async () => {
  client.sandbox.setFaults({ latencyMs: 30_000 });
  await expect(client.ask(PATH, { signal: AbortSignal.timeout(150) })).rejects.toThrow(/timeout/);
});

test('makes some answers slow and lets some hang', async () => {
  client.sandbox.setFaults({ slowEvery: 2, slowMs: 100, hangEvery: 3, hangMs: 700 });
  const took: number[] = [];
  for (let asked = 0; asked < 4; asked++) {
    const askedAt = performance.now();
    await client.ask(PATH);
    took.push(performance.now() - askedAt);
  }
  expect(took[1]).toBeGreaterThanOrEqual(95);
  expect(took[2]).toBeGreaterThanOrEqual(695);
  expect(took[3]).toBeGreaterThanOrEqual(95);
  expect(client.sandbox.requests.entries.map(({ fault }) => fault)).toEqual([undefined, undefined, 'hang', undefined]);
});

test('revokes all tokens at once and accepts a new one', async () => {
  client.sandbox.setFaults({ revokeTokens: true });
  expect((await client.ask(PATH)).status).toBe(401);
  await client.login();
  expect((await client.ask(PATH)).status).toBe(200);
});

test('applies faults only to the named path', async () => {
  client.sandbox.setFaults({ errorEvery: 1, pathIncludes: '/about' });
  expect((await client.ask(PATH)).status).toBe(200);
  expect((await client.ask('/r/programming/about')).status).toBe(503);
});

test('sets faults with PUT and refuses unknown ones', async () => {
  const put = (faults: unknown) =>
    client.ask('/_sandbox/faults', {
      method: 'PUT',
      body: JSON.stringify(faults),
      headers: { 'content-type': 'application/json' },
    });
  expect((await put({ errorEvery: 1, errorStatus: 500 })).body).toMatchObject({
    errorEvery: 1,
    errorStatus: 500,
    latencyMs: 0,
  });
  expect((await client.ask(PATH)).status).toBe(500);
  expect((await put({ errorEvry: 1 })).status).toBe(400);
  expect((await put({ errorStatus: 200 })).status).toBe(400);
});
