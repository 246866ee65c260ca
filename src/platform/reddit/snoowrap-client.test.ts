import { inspect } from 'node:util';
import {
  client,
  closeServers,
  failure,
  hot,
  listing,
  post,
  serveReddit,
  type Answer,
} from '../../../test/support/reddit-http-server';

afterEach(closeServers);

test('logs in app-only, sends its user agent and raw_json, and reads a page', async () => {
  const reddit = await serveReddit(() => ({
    body: listing([post('a'), { kind: 't3', data: { id: 'broken' } }], 't3_a'),
  }));
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

test('logs in as a script with a user name and a password', async () => {
  const reddit = await serveReddit(() => ({}));
  await client(reddit.url, { username: 'me', password: 'p&w' }).probe();
  expect(reddit.logins[0]?.body).toBe('grant_type=password&username=me&password=p%26w');
});

test('renews a token before it expires', async () => {
  const reddit = await serveReddit(
    () => ({}),
    () => ({ body: { access_token: 'short', expires_in: 0 } }),
  );
  const one = client(reddit.url);
  await one.listPosts(hot);
  await one.listPosts(hot);
  expect([reddit.logins.length, reddit.seen.length]).toEqual([2, 2]);
});

test('renews a revoked token once, and reports bad credentials as unauthorized', async () => {
  const revoked = await serveReddit((request) =>
    request.headers.authorization === 'Bearer t1' ? { status: 401 } : {},
  );
  await client(revoked.url).listPosts(hot);
  expect(revoked.seen.map((request) => request.headers.authorization)).toEqual(['Bearer t1', 'Bearer t2']);

  const never = await serveReddit(() => ({ status: 401 }));
  expect(await failure(client(never.url).listPosts(hot))).toMatchObject({
    kind: 'unauthorized',
    details: { status: 401 },
  });
  expect([never.seen.length, never.logins.length]).toEqual([2, 2]);

  const noLogin = await serveReddit(
    () => ({}),
    () => ({ status: 401, body: { error: 401 } }),
  );
  expect(await failure(client(noLogin.url).listPosts(hot))).toMatchObject({ kind: 'unauthorized' });
  const badPassword = await serveReddit(
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
])('%i is reported at once, as its own kind', async (status, body, kind, message) => {
  const reddit = await serveReddit(() => ({ status, body }));
  const error = await failure(client(reddit.url).listPosts(hot));
  expect(error).toMatchObject({
    name: 'RedditError',
    kind,
    message: expect.stringMatching(message),
    details: { status },
  });
  expect(reddit.seen).toHaveLength(1);
});

test('reads a redirect to the search as an unknown subreddit', async () => {
  const reddit = await serveReddit(() => ({
    status: 302,
    headers: { location: 'https://oauth.reddit.com/subreddits/search?q=nosuch' },
    body: '',
  }));
  expect(await failure(client(reddit.url).listPosts(hot))).toMatchObject({ kind: 'not_found' });
  expect(reddit.seen).toHaveLength(1);
});

test.each([
  ['https://www.reddit.com/r/NewName/', 'r/NewName'],
  ['/r/NewName/hot?limit=25', 'r/NewName'],
  ['https://www.reddit.com/user/some-one/', 'u_some-one'],
])('a redirect to %s tells the new name', async (location, name) => {
  const reddit = await serveReddit(() => ({ status: 301, headers: { location }, body: '' }));
  expect(await failure(client(reddit.url).listPosts(hot))).toMatchObject({
    kind: 'not_found',
    message: expect.stringContaining(`moved it to ${name};`),
  });
  expect(reddit.seen).toHaveLength(1);
});

test('tells a block of the client from a refusal of one thing', async () => {
  const blocking = await serveReddit(() => ({ status: 403, body: '<html>whoa there, pardner!</html>' }));
  expect(await failure(client(blocking.url).getComments({ postId: 'a' }))).toMatchObject({
    kind: 'blocked',
    message: expect.stringContaining('REDDIT_USER_AGENT'),
  });
  expect(blocking.seen).toHaveLength(1);
  const refusing = await serveReddit(() => ({ status: 403, body: { reason: 'private', error: 403 } }));
  expect(await failure(client(refusing.url).getComments({ postId: 'a' }))).toMatchObject({ kind: 'forbidden' });
});

test('tries three times after 5xx, HTML pages, truncated answers and broken connections', async () => {
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
    const mended = await serveReddit((_, count) => (count < 3 ? fault : {}));
    const one = client(mended.url);
    expect(await one.listPosts(hot)).toMatchObject({ posts: [] });
    expect(one.requestsSent()).toBe(3);
    const broken = await serveReddit(() => fault);
    expect(await failure(client(broken.url).listPosts(hot))).toMatchObject({ kind });
    expect(broken.seen).toHaveLength(3);
  }
});

test.each([
  ['nothing', ''],
  ['null', 'null'],
  ['another charset', Buffer.from('{"kind":"Listing"}', 'utf16le').toString('latin1')],
  ['an object of another shape', '{"kind":"Listing","data":{"children":{"length":3}}}'],
])('a success with %s cannot be read, whatever was asked for', async (_, body) => {
  const reddit = await serveReddit(() => ({ body }));
  const one = client(reddit.url, { tries: 1 });
  const asked = [
    one.listPosts(hot),
    one.getComments({ postId: 'p' }),
    one.getMoreChildren({ postId: 'p', children: ['a'], depthOf: () => undefined }),
    one.getInfo(['t3_p']),
    one.getSubreddit('funny'),
  ];
  for (const { kind } of await Promise.all(asked.map(failure))) expect(kind).toBe('malformed');
});

test('leaves the retry of a failure that took long to the caller', async () => {
  const silent = await serveReddit(() => ({ raw: () => undefined }));
  expect(await failure(client(silent.url, { requestTimeoutMs: 60, longestWaitMs: 40 }).listPosts(hot))).toMatchObject({
    kind: 'network',
  });
  expect(silent.seen).toHaveLength(1);
});

test('reports a missing or silent server as a network failure', async () => {
  expect(await failure(client('http://127.0.0.1:1').listPosts(hot))).toMatchObject({
    kind: 'network',
    cause: { code: 'ECONNREFUSED' },
  });
  expect(await failure(client('http://nowhere.invalid').listPosts(hot))).toMatchObject({
    kind: 'network',
    cause: { syscall: 'getaddrinfo' },
  });
  const silent = await serveReddit(() => ({ raw: () => undefined }));
  expect(await failure(client(silent.url, { requestTimeoutMs: 30, tries: 1 }).listPosts(hot))).toMatchObject({
    kind: 'network',
    message: expect.stringContaining('30 ms'),
  });
});

test('aborts a request in flight and sends the next one', async () => {
  const stop = new AbortController();
  const reddit = await serveReddit((_, count) => (count === 1 ? { raw: () => stop.abort() } : {}));
  const one = client(reddit.url);
  expect(await failure(one.listPosts(hot, stop.signal))).toMatchObject({ kind: 'aborted' });
  expect(await one.listPosts(hot)).toMatchObject({ posts: [] });
});

test('shares one login among requests that find their token revoked', async () => {
  const reddit = await serveReddit((request) =>
    request.headers.authorization === 'Bearer t1' ? { status: 401, delayMs: 30 } : {},
  );
  const one = client(reddit.url);
  await Promise.all([1, 2, 3].map(() => one.listPosts(hot)));
  expect(reddit.logins).toHaveLength(2);
});

test('sends the ids of morechildren by POST', async () => {
  const reddit = await serveReddit(() => ({ body: { json: { errors: [], data: { things: [] } } } }));
  const found = await client(reddit.url).getMoreChildren({
    postId: 'p',
    children: ['a', 'b'],
    depthOf: () => undefined,
  });
  expect(found).toEqual({ comments: [], more: [], malformed: 0 });
  expect(reddit.seen).toMatchObject([{ path: '/api/morechildren', body: 'api_type=json&link_id=t3_p&children=a%2Cb' }]);
});

test('keeps secrets and tokens out of its errors at any depth', async () => {
  const reddit = await serveReddit(() => ({ status: 403 }));
  const refused = await failure(client(reddit.url).listPosts(hot));
  const unreachable = await failure(client('http://127.0.0.1:1', { clientSecret: 'hush' }).listPosts(hot));
  expect(inspect([refused, unreachable], { depth: null, showHidden: true })).not.toMatch(/Bearer|Basic|hush|\bt1\b/);
});

test('refuses to start without base URLs in a test', () => {
  expect(() => client('http://127.0.0.1:1', { oauthBaseUrl: undefined })).toThrow(/base URLs/);
});
