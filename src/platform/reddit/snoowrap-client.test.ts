import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { openBudget } from '../../../test/support/open-budget';
import type { RedditError } from './reddit-client';
import { createRedditClient, type RedditClientOptions } from './snoowrap-client';

interface Seen {
  path: string;
  query: Record<string, string>;
  headers: http.IncomingHttpHeaders;
  body: string;
}
type Answer = {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  raw?: (response: http.ServerResponse) => void;
  delayMs?: number;
};

/** A real HTTP server: tokens are t1, t2, …; everything else is answered by `answer`. */
async function serve(answer: (request: Seen, count: number) => Answer, tokens: (request: Seen) => Answer = () => ({})) {
  const seen: Seen[] = [];
  const logins: Seen[] = [];
  let running = 0;
  let mostAtOnce = 0;
  const server = http.createServer((request, response) => {
    void (async () => {
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const url = new URL(request.url ?? '', 'http://localhost');
      const entry: Seen = {
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body,
      };
      const isLogin = url.pathname === '/api/v1/access_token';
      (isLogin ? logins : seen).push(entry);
      const given = isLogin
        ? {
            body: { access_token: `t${logins.length}`, token_type: 'bearer', expires_in: 3600, scope: '*' },
            ...tokens(entry),
          }
        : answer(entry, seen.length);
      if (given.delayMs) await new Promise((resolve) => setTimeout(resolve, given.delayMs));
      running -= 1;
      if (given.raw) return given.raw(response);
      response.writeHead(given.status ?? 200, { 'content-type': 'application/json', ...given.headers });
      response.end(typeof given.body === 'string' ? given.body : JSON.stringify(given.body ?? listing([])));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  servers.push(server);
  return { url, seen, logins, mostAtOnce: () => mostAtOnce };
}
const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const listing = (children: unknown[], after: string | null = null) => ({ kind: 'Listing', data: { children, after } });
const post = (id: string) => ({ kind: 't3', data: { id, title: id, subreddit: 'funny', created_utc: 1439797480 } });
const client = (url: string, options: Partial<RedditClientOptions> = {}) =>
  createRedditClient({
    budget: openBudget(),
    clientId: 'id',
    clientSecret: 'secret',
    userAgent: 'linux:test:1 (by /u/test)',
    oauthBaseUrl: url,
    wwwBaseUrl: url,
    isSandbox: true,
    log: { warn: () => undefined },
    backoffMs: 1,
    ...options,
  });
const hot = { subreddit: 'funny', sort: 'hot', limit: 25 } as const;
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: RedditError) => error,
  );

test('it logs in app-only, sends its user agent and raw_json, and reads a page', async () => {
  const reddit = await serve(() => ({ body: listing([post('a'), { kind: 't3', data: { id: 'broken' } }], 't3_a') }));
  const page = await client(reddit.url).listPosts({ ...hot, sort: 'top', timeFilter: 'week', after: 't3_z' });
  expect(page).toMatchObject({ posts: [{ id: 'a' }], after: 't3_a', malformed: 1 });
  expect(reddit.logins).toMatchObject([
    {
      body: 'grant_type=client_credentials',
      headers: { authorization: `Basic ${Buffer.from('id:secret').toString('base64')}` },
    },
  ]);
  expect(reddit.seen).toMatchObject([
    {
      path: '/r/funny/top',
      query: { raw_json: '1', limit: '25', t: 'week', after: 't3_z' },
      headers: { authorization: 'Bearer t1', 'user-agent': 'linux:test:1 (by /u/test)' },
    },
  ]);
});

test('with a user name and a password it logs in as a script', async () => {
  const reddit = await serve(() => ({}));
  await client(reddit.url, { username: 'me', password: 'p&w' }).probe();
  expect(reddit.logins[0]?.body).toBe('grant_type=password&username=me&password=p%26w');
});

test('a token is renewed before it expires', async () => {
  const reddit = await serve(
    () => ({}),
    () => ({ body: { access_token: 'short', expires_in: 0 } }),
  );
  const one = client(reddit.url);
  await one.listPosts(hot);
  await one.listPosts(hot);
  expect([reddit.logins.length, reddit.seen.length]).toEqual([2, 2]);
});

test('a revoked token is renewed once, and bad credentials are unauthorized', async () => {
  const revoked = await serve((request) => (request.headers.authorization === 'Bearer t1' ? { status: 401 } : {}));
  await client(revoked.url).listPosts(hot);
  expect(revoked.seen.map((request) => request.headers.authorization)).toEqual(['Bearer t1', 'Bearer t2']);

  const never = await serve(() => ({ status: 401 }));
  expect(await failure(client(never.url).listPosts(hot))).toMatchObject({
    kind: 'unauthorized',
    details: { status: 401 },
  });
  expect([never.seen.length, never.logins.length]).toEqual([2, 2]);

  const noLogin = await serve(
    () => ({}),
    () => ({ status: 401, body: { error: 401 } }),
  );
  expect(await failure(client(noLogin.url).listPosts(hot))).toMatchObject({ kind: 'unauthorized' });
  const badPassword = await serve(
    () => ({}),
    () => ({ body: { error: 'invalid_grant' } }),
  );
  expect(await failure(client(badPassword.url).listPosts(hot))).toMatchObject({
    kind: 'unauthorized',
    message: expect.stringContaining('invalid_grant'),
  });
  expect(noLogin.seen).toEqual([]);
});

test.each([
  [403, { reason: 'private' }, 'forbidden', /private/],
  [404, { reason: 'banned', message: 'Not Found', error: 404 }, 'not_found', /banned/],
  [451, {}, 'forbidden', /451/],
])('%i is told at once as what it is', async (status, body, kind, message) => {
  const reddit = await serve(() => ({ status, body }));
  const error = await failure(client(reddit.url).listPosts(hot));
  expect(error).toMatchObject({
    name: 'RedditError',
    kind,
    message: expect.stringMatching(message),
    details: { status },
  });
  expect(reddit.seen).toHaveLength(1);
});

test('a redirect to the search means that there is no such subreddit', async () => {
  const reddit = await serve(() => ({
    status: 302,
    headers: { location: 'https://oauth.reddit.com/subreddits/search?q=nosuch' },
    body: '',
  }));
  expect(await failure(client(reddit.url).listPosts(hot))).toMatchObject({ kind: 'not_found' });
  expect(reddit.seen).toHaveLength(1);
});

test('5xx, pages of HTML, cut-off answers and broken connections are tried three times', async () => {
  const cut: Answer = {
    raw: (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"kind":');
      setTimeout(() => response.destroy(), 10);
    },
  };
  const faults: [Answer, string][] = [
    [{ status: 503, body: '<html>busy</html>' }, 'unavailable'],
    [{ body: '<html>over capacity</html>' }, 'malformed'],
    [{ body: '{"kind":"Listing","da' }, 'malformed'],
    [{ body: { kind: 'wiki' } }, 'malformed'],
    [cut, 'network'],
    [{ raw: (response) => response.destroy() }, 'network'],
  ];
  for (const [fault, kind] of faults) {
    const mended = await serve((_, count) => (count < 3 ? fault : {}));
    const one = client(mended.url);
    expect(await one.listPosts(hot)).toMatchObject({ posts: [] });
    expect(one.requestsSent()).toBe(3);
    const broken = await serve(() => fault);
    expect(await failure(client(broken.url).listPosts(hot))).toMatchObject({ kind });
    expect(broken.seen).toHaveLength(3);
  }
});

test('what took long to fail is left to the caller, who can wait without a slot', async () => {
  const silent = await serve(() => ({ raw: () => undefined }));
  expect(await failure(client(silent.url, { requestTimeoutMs: 60, longestWaitMs: 40 }).listPosts(hot))).toMatchObject({
    kind: 'network',
  });
  expect(silent.seen).toHaveLength(1);
});

test('a server that is not there or does not answer is a network failure', async () => {
  expect(await failure(client('http://127.0.0.1:1').listPosts(hot))).toMatchObject({
    kind: 'network',
    cause: { code: 'ECONNREFUSED' },
  });
  expect(await failure(client('http://nowhere.invalid').listPosts(hot))).toMatchObject({
    kind: 'network',
    cause: { syscall: 'getaddrinfo' },
  });
  const silent = await serve(() => ({ raw: () => undefined }));
  expect(await failure(client(silent.url, { requestTimeoutMs: 30, tries: 1 }).listPosts(hot))).toMatchObject({
    kind: 'network',
    message: expect.stringContaining('30 ms'),
  });
});

test('a 429 is tried again after the time that it names, unless that is too long', async () => {
  const short = await serve((_, count) => (count === 1 ? { status: 429, headers: { 'retry-after': '0' } } : {}));
  await client(short.url).listPosts(hot);
  expect(short.seen).toHaveLength(2);
  const long = await serve(() => ({ status: 429, headers: { 'retry-after': '90' } }));
  expect(await failure(client(long.url).listPosts(hot))).toMatchObject({
    kind: 'rate_limited',
    details: { status: 429, retryAfterMs: 90_000 },
  });
  expect(long.seen).toHaveLength(1);
  const reset = await serve(() => ({
    status: 429,
    headers: { 'x-ratelimit-reset': '120', 'x-ratelimit-remaining': '0.0' },
  }));
  expect(await failure(client(reset.url).listPosts(hot))).toMatchObject({
    kind: 'rate_limited',
    details: { retryAfterMs: 120_000 },
  });
});

test('with its budget used up it sends nothing more, and whoever asks is told at once when to come back', async () => {
  const reddit = await serve(() => ({
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

test('an abort ends the waiting for a turn', async () => {
  const reddit = await serve(() => ({
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

test('a short wait for the budget is waited here', async () => {
  const reddit = await serve((_, count) => ({
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

test('a 429 closes the budget for every process that shares it', async () => {
  const reddit = await serve(() => ({ status: 429, headers: { 'retry-after': '60' } }));
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

test('an abort ends a request in flight, and the next one goes through', async () => {
  const stop = new AbortController();
  const reddit = await serve((_, count) => (count === 1 ? { raw: () => stop.abort() } : {}));
  const one = client(reddit.url);
  expect(await failure(one.listPosts(hot, stop.signal))).toMatchObject({ kind: 'aborted' });
  expect(await one.listPosts(hot)).toMatchObject({ posts: [] });
});

test('slow answers are asked for side by side, five at most, and a scope counts its own', async () => {
  const reddit = await serve(() => ({ delayMs: 60 }));
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

test('of requests for more children one is under way, in all processes', async () => {
  const reddit = await serve(() => ({ delayMs: 40, body: { json: { errors: [], data: { things: [] } } } }));
  const budget = openBudget();
  const clients = [client(reddit.url, { budget }), client(reddit.url, { budget })];
  await Promise.all(
    [0, 1, 2, 3].map((n) =>
      clients[n % 2]!.getMoreChildren({ postId: 'p', children: [`c${n}`], depthOf: () => undefined }),
    ),
  );
  expect([reddit.seen.length, reddit.mostAtOnce()]).toEqual([4, 1]);
});

test('several that find their token revoked share one new login', async () => {
  const reddit = await serve((request) =>
    request.headers.authorization === 'Bearer t1' ? { status: 401, delayMs: 30 } : {},
  );
  const one = client(reddit.url);
  await Promise.all([1, 2, 3].map(() => one.listPosts(hot)));
  expect(reddit.logins).toHaveLength(2);
});

test('morechildren goes by POST with its ids', async () => {
  const reddit = await serve(() => ({ body: { json: { errors: [], data: { things: [] } } } }));
  const found = await client(reddit.url).getMoreChildren({
    postId: 'p',
    children: ['a', 'b'],
    depthOf: () => undefined,
  });
  expect(found).toEqual({ comments: [], more: [], malformed: 0 });
  expect(reddit.seen).toMatchObject([{ path: '/api/morechildren', body: 'api_type=json&link_id=t3_p&children=a%2Cb' }]);
});

test('no secret and no token is in an error, however deep one looks', async () => {
  const reddit = await serve(() => ({ status: 403 }));
  const refused = await failure(client(reddit.url).listPosts(hot));
  const unreachable = await failure(client('http://127.0.0.1:1', { clientSecret: 'hush' }).listPosts(hot));
  expect(inspect([refused, unreachable], { depth: null, showHidden: true })).not.toMatch(/Bearer|Basic|hush|\bt1\b/);
});

test('in a test it refuses to be without base URLs', () => {
  expect(() => client('http://127.0.0.1:1', { oauthBaseUrl: undefined })).toThrow(/base URLs/);
});
