import { FROZEN_NOW, startSandbox } from './sandbox-test-client';
import type { Child, ThingData } from './sandbox-test-client';
import type { RedditSandboxOptions } from './sandbox-server';

type Started = Awaited<ReturnType<typeof startSandbox>>;
let started: Started[] = [];
const start = async (options?: RedditSandboxOptions) => {
  started.push(await startSandbox(options));
  return started.at(-1)!;
};
afterEach(async () => {
  await Promise.all(started.map(({ sandbox }) => sandbox.close()));
  started = [];
});

const names = (answer: { body: { data: { children: Child[] } } }): string[] =>
  answer.body.data.children.map((child: Child) => child.data.name);

describe('tokens', () => {
  test('refuses an expired token in the form of Reddit', async () => {
    let clock = Date.now();
    const { ask, login } = await start({ tokenLifetimeSeconds: 60, clock: () => clock });
    expect((await ask('/r/programming/new')).status).toBe(200);
    clock += 61_000;
    const expired = await ask('/r/programming/new');
    expect(expired).toMatchObject({ status: 401, body: { message: 'Unauthorized', error: 401 } });
    expect(expired.headers.get('www-authenticate')).toBe('Bearer realm="reddit", error="invalid_token"');
    await login();
    expect((await ask('/r/programming/new')).status).toBe(200);
  });

  test('issues tokens for every grant type and refuses wrong credentials', async () => {
    const credentials = {
      clientId: 'id',
      clientSecret: 'secret',
      username: 'anna',
      password: 'word',
      refreshToken: 'again',
    };
    const { login } = await start({ credentials });
    expect((await login()).body).toMatchObject({ token_type: 'bearer', expires_in: 3600, scope: '*' });
    expect((await login({ grant_type: 'client_credentials' }, 'id:wrong')).status).toBe(401);
    expect((await login({ grant_type: 'password', username: 'anna', password: 'wrong' })).body).toEqual({
      error: 'invalid_grant',
    });
    expect((await login({ grant_type: 'password', username: 'anna', password: 'word' })).body.access_token).toEqual(
      expect.any(String),
    );
    expect((await login({ grant_type: 'refresh_token', refresh_token: 'wrong' })).status).toBe(400);
    expect((await login({ grant_type: 'refresh_token', refresh_token: 'again' })).body.access_token).toEqual(
      expect.any(String),
    );
    expect((await login({ grant_type: 'magic' })).body).toEqual({ error: 'unsupported_grant_type' });
  });

  test('serves api/v1/me to user tokens and refuses app-only tokens', async () => {
    const { ask, login } = await start();
    expect((await ask('/api/v1/me')).status).toBe(403);
    await login({ grant_type: 'password', username: 'anna', password: 'word' });
    expect((await ask('/api/v1/me')).body.name).toBe('anna');
  });
});

describe('listings', () => {
  test.each(['hot', 'new', 'top', 'rising', 'controversial'])(
    '%s pages to its end without a post twice',
    async (sort) => {
      const { ask } = await start({ scale: { posts: 2_000 } });
      const seen: string[] = [];
      for (let after: string | null = ''; after !== null;) {
        const answer = await ask(`/r/programming/${sort}?t=all&limit=100&after=${after}`);
        seen.push(...names(answer));
        after = answer.body.data.after;
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toHaveLength(1_000);
    },
  );

  test('pages back with before, ends the listing at a cursor that is gone, and keeps the limits', async () => {
    const { ask } = await start();
    const first = names(await ask('/r/books/new?limit=30'));
    expect(names(await ask(`/r/books/new?limit=5&before=${first[20]}`))).toEqual(first.slice(15, 20));
    expect((await ask('/r/books/new?after=t3_zzzzzzz')).body.data).toMatchObject({ after: null, children: [] });
    expect(names(await ask('/r/books'))).toHaveLength(25);
    expect(names(await ask('/r/books/top?t=all&limit=1000'))).toHaveLength(100);
  });

  test('sorts new by time and top by votes, and leaves out what is older than the time filter', async () => {
    const { ask } = await start();
    const posts = async (path: string) => (await ask(path)).body.data.children.map((child: Child) => child.data);
    const times = (await posts('/r/history/new?limit=100')).map((post: ThingData) => post.created_utc);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    const best = await posts('/r/history/top?t=day&limit=100');
    expect(best.map((post: ThingData) => post.score)).toEqual(
      best.map((post: ThingData) => post.score).sort((a: number, b: number) => b - a),
    );
    expect(Math.min(...best.map((post: ThingData) => post.created_utc))).toBeGreaterThanOrEqual(
      FROZEN_NOW.getTime() / 1000 - 86_400,
    );
    expect(best.length).toBeLessThan((await posts('/r/history/top?t=week&limit=100')).length);
  });

  test('accepts names in any case and path spelling, and refuses private, banned and unknown subreddits', async () => {
    const { ask } = await start();
    const plain = names(await ask('/r/programming/new'));
    expect(names(await ask('/r/ProGramming/new.json?limit=25'))).toEqual(plain);
    expect(names(await ask('//r/programming/new/'))).toEqual(plain);
    expect((await ask('/r/PROGRAMMING/about')).body).toMatchObject({
      kind: 't5',
      data: { display_name: 'programming', subscribers: 6_800_000 },
    });
    for (const path of ['/new', '/about']) {
      expect((await ask(`/r/taskloom_private${path}`)).body).toEqual({
        reason: 'private',
        message: 'Forbidden',
        error: 403,
      });
      expect((await ask(`/r/taskloom_banned${path}`)).body).toEqual({
        reason: 'banned',
        message: 'Not Found',
        error: 404,
      });
      expect((await ask(`/r/nothing_here${path}`)).body).toEqual({ message: 'Not Found', error: 404 });
    }
  });

  test('answers info with the existing things in the requested order, and refuses more than 100 ids', async () => {
    const { ask } = await start({ scale: { commentsPerPost: 5 } });
    const [first, second] = names(await ask('/r/typescript/new'));
    const comment = (await ask(`/comments/${first!.slice(3)}`)).body[1].data.children[0].data;
    expect(names(await ask(`/api/info?id=${second},t3_zzzzzzz,${comment.name},${first}`))).toEqual([
      second,
      comment.name,
      first,
    ]);
    expect((await ask(`/api/info?id=${Array(101).fill(first).join(',')}`)).status).toBe(400);
  });

  test('escapes three characters in every string unless raw_json=1 is given', async () => {
    const { ask } = await start();
    const titles = async (query: string) =>
      (await ask(`/r/programming/new?limit=100${query}`)).body.data.children
        .map((child: Child) => child.data.title)
        .join('\n');
    expect(await titles('&raw_json=1')).toMatch(/ & /);
    expect(await titles('')).toMatch(/ &amp; /);
  });
});

describe('the rate limit', () => {
  test('counts requests by client in the headers and refuses further ones until the window ends', async () => {
    let clock = 0;
    const { ask, login } = await start({ rateLimit: { requests: 2, windowSeconds: 60 }, clock: () => clock });
    const limits = ({ status, headers }: Awaited<ReturnType<Started['ask']>>) => [
      status,
      headers.get('x-ratelimit-used'),
      headers.get('x-ratelimit-remaining'),
      headers.get('x-ratelimit-reset'),
      headers.get('retry-after'),
    ];
    expect(limits(await ask('/r/books/about'))).toEqual([200, '1', '1.0', '60', null]);
    clock += 15_000;
    expect(limits(await ask('/r/nothing_here/about'))).toEqual([404, '2', '0.0', '45', null]);
    expect(limits(await ask('/r/books/about'))).toEqual([429, '2', '0.0', '45', '45']);
    await login({ grant_type: 'client_credentials' }, 'other:secret');
    expect((await ask('/r/books/about')).status).toBe(200);
    await login();
    clock += 45_000;
    expect((await ask('/r/books/about')).status).toBe(200);
  });

  test('refuses nobody without throttling', async () => {
    const { ask } = await start({ rateLimit: { requests: 1, throttle: false } });
    await ask('/r/books/about');
    expect((await ask('/r/books/about')).status).toBe(200);
  });
});

test('marks its answers as sandbox content and lists the requests it received', async () => {
  const { sandbox, ask } = await start();
  sandbox.reset();
  expect((await ask('/r/books/new?limit=3')).headers.get('x-taskloom-sandbox')).toBe('generated');
  await ask('/r/nothing_here/about');
  expect(sandbox.requests.entries).toEqual([
    { method: 'GET', path: '/r/books/new', query: { limit: '3' }, status: 200 },
    { method: 'GET', path: '/r/nothing_here/about', query: {}, status: 404 },
  ]);
  expect(sandbox.requests.totals()).toEqual({ total: 2, byStatus: { 200: 1, 404: 1 } });
  expect((await ask('/_sandbox/status')).body).toMatchObject({ content: 'generated', requests: { total: 2 } });
});
