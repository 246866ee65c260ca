import { openBudget } from '../../../test/support/open-budget';
import { client, closeServers, failure, hot, serveReddit } from '../../../test/support/reddit-http-server';

afterEach(closeServers);

test('retries a 429 after the time that it names, unless that is too long', async () => {
  const short = await serveReddit((_, count) => (count === 1 ? { status: 429, headers: { 'retry-after': '0' } } : {}));
  await client(short.url).listPosts(hot);
  expect(short.seen).toHaveLength(2);
  const long = await serveReddit(() => ({ status: 429, headers: { 'retry-after': '90' } }));
  expect(await failure(client(long.url).listPosts(hot))).toMatchObject({
    kind: 'rate_limited',
    details: { status: 429, retryAfterMs: 90_000 },
  });
  expect(long.seen).toHaveLength(1);
  const reset = await serveReddit(() => ({
    status: 429,
    headers: { 'x-ratelimit-reset': '120', 'x-ratelimit-remaining': '0.0' },
  }));
  expect(await failure(client(reset.url).listPosts(hot))).toMatchObject({
    kind: 'rate_limited',
    details: { retryAfterMs: 120_000 },
  });
});

test('sends nothing when the budget is used up, and tells callers at once when to come back', async () => {
  const reddit = await serveReddit(() => ({
    headers: { 'x-ratelimit-used': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '300' },
  }));
  const one = client(reddit.url);
  await one.listPosts(hot);
  expect(await failure(one.probe())).toMatchObject({ kind: 'rate_limited' });
  const later = await failure(one.listPosts(hot));
  expect(later).toMatchObject({ kind: 'rate_limited', details: { retryAfterMs: expect.any(Number) } });
  expect(later.details.retryAfterMs).toBeGreaterThan(250_000);
  expect(later.details.retryAfterMs).toBeLessThanOrEqual(310_000);
  expect(reddit.seen).toHaveLength(1);
});

test('stops waiting for a turn when it is aborted', async () => {
  const reddit = await serveReddit(() => ({
    headers: { 'x-ratelimit-used': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4' },
  }));
  const one = client(reddit.url);
  await one.listPosts(hot);
  const stop = new AbortController();
  const waiting = [failure(one.listPosts(hot, stop.signal)), failure(one.listPosts(hot, stop.signal))];
  setTimeout(() => stop.abort(new Error('cancelled')), 100);
  expect(await Promise.all(waiting)).toMatchObject([
    { kind: 'aborted', cause: { message: 'cancelled' } },
    { kind: 'aborted' },
  ]);
  expect(reddit.seen).toHaveLength(1);
});

test('waits itself when the budget opens soon', async () => {
  const reddit = await serveReddit((_, count) => ({
    headers: {
      'x-ratelimit-used': count === 1 ? '99' : '1',
      'x-ratelimit-remaining': count === 1 ? '0' : '99',
      'x-ratelimit-reset': '1',
    },
  }));
  const one = client(reddit.url);
  await one.listPosts(hot);
  await one.listPosts(hot);
  expect(reddit.seen).toHaveLength(2);
});

test('closes the budget for every process after a 429', async () => {
  const reddit = await serveReddit(() => ({ status: 429, headers: { 'retry-after': '60' } }));
  const budget = openBudget();
  const [one, other] = [client(reddit.url, { budget }), client(reddit.url, { budget })];
  expect(await failure(one.listPosts(hot))).toMatchObject({
    kind: 'rate_limited',
    details: { status: 429, retryAfterMs: 60_000 },
  });
  expect(await failure(other.listPosts(hot))).toMatchObject({
    kind: 'rate_limited',
    details: { retryAfterMs: expect.any(Number) },
  });
  expect(reddit.seen).toHaveLength(1);
});

test('sends at most five slow requests side by side, and counts requests by scope', async () => {
  const reddit = await serveReddit(() => ({ delayMs: 60 }));
  const all = client(reddit.url);
  const [one, two] = [all.scoped({ configId: 1 }), all.scoped({ configId: 2, priority: 9 })];
  await Promise.all([
    ...Array.from({ length: 8 }, () => one.listPosts(hot)),
    two.listPosts(hot),
    one.getInfo(['t3_a']),
    two.listPosts(hot),
    two.probe(),
  ]);
  expect([all.requestsSent(), one.requestsSent(), two.requestsSent(), reddit.mostAtOnce()]).toEqual([12, 9, 3, 5]);
});

test('sends one request for more children at a time in all processes', async () => {
  const reddit = await serveReddit(() => ({ delayMs: 40, body: { json: { errors: [], data: { things: [] } } } }));
  const budget = openBudget();
  const clients = [client(reddit.url, { budget }), client(reddit.url, { budget })];
  await Promise.all(
    [0, 1, 2, 3].map((n) =>
      clients[n % 2]!.getMoreChildren({ postId: 'p', children: [`c${n}`], depthOf: () => undefined }),
    ),
  );
  expect([reddit.seen.length, reddit.mostAtOnce()]).toEqual([4, 1]);
});

test.each([
  ['x-ratelimit-reset', () => String(Math.floor(Date.now() / 1_000) + 90), 90_000],
  ['x-ratelimit-reset', () => '4102444800', 20 * 60_000],
  ['x-ratelimit-reset', () => '1e12', 20 * 60_000],
  ['retry-after', () => new Date(Date.now() + 90_000).toUTCString(), 90_000],
  ['retry-after', () => '999999', 60 * 60_000],
])('a 429 whose %s is a moment, or too far off, closes the budget within bounds', async (name, value, expectedMs) => {
  const reddit = await serveReddit(() => ({ status: 429, headers: { [name]: value() } }));
  const { details } = await failure(client(reddit.url).listPosts(hot));
  expect(details.retryAfterMs).toBeGreaterThan(expectedMs - 5_000);
  expect(details.retryAfterMs).toBeLessThanOrEqual(expectedMs);
});
