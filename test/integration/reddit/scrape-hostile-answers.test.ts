import { createScrapeBench } from '../../support/scrape-attempts';
import { client, closeServers, listing, serveReddit, type Answer } from '../../support/reddit-http-server';
import type { RedditError } from '../../../src/shared/reddit-error';

const bench = createScrapeBench();
afterEach(closeServers);

const CREATED = Date.UTC(2026, 0) / 1_000;
const post = (id: string, fields: object = {}) => ({
  kind: 't3',
  data: { id, title: id, subreddit: id.replace(/\d+$/, ''), num_comments: 9, created_utc: CREATED, ...fields },
});
const comment = (id: string, postId: string, parent = `t3_${postId}`, fields: object = {}) => ({
  kind: 't1',
  data: {
    id,
    link_id: `t3_${postId}`,
    parent_id: parent,
    body: id,
    subreddit: 's',
    created_utc: CREATED,
    replies: '',
    ...fields,
  },
});
const more = (parent: string, children: unknown[], fields: object = {}) => ({
  kind: 'more',
  data: { parent_id: parent, children, count: children.length, ...fields },
});
const tree = (postId: string, things: unknown[]) => [listing([post(postId)]), listing(things)];
const things = (found: unknown[]) => ({ json: { errors: [], data: { things: found } } });

type Kind = 'listing' | 'thread' | 'page' | 'more';
/** Two subreddits of two posts each. Of `broken1`, or of the listing of `broken`, one kind of request is spoilt. */
function whole(
  path: string,
  query: Record<string, string>,
  body: string,
): { kind: Kind; isBroken: boolean; answer: unknown } {
  const [, subreddit] = /^\/r\/(\w+)\//.exec(path) ?? [];
  if (subreddit)
    return {
      kind: 'listing',
      isBroken: subreddit === 'broken',
      answer: listing([post(`${subreddit}1`), post(`${subreddit}2`)]),
    };
  const form = new URLSearchParams(body);
  const postId = /^\/comments\/(\w+)/.exec(path)?.[1] ?? form.get('link_id')!.slice(3);
  const isBroken = postId === 'broken1';
  if (path.includes('morechildren'))
    return { kind: 'more', isBroken, answer: things([comment(`${postId}x`, postId, `t1_${postId}a`)]) };
  if (query.comment) {
    const below = comment(`${postId}y`, postId, `t1_${query.comment}`);
    const replies = { kind: 'Listing', data: { children: [below] } };
    return {
      kind: 'page',
      isBroken,
      answer: tree(postId, [comment(query.comment, postId, `t3_${postId}`, { replies })]),
    };
  }
  const found = [
    comment(`${postId}a`, postId),
    comment(`${postId}b`, postId),
    more(`t1_${postId}a`, [`${postId}x`]),
    more(`t1_${postId}b`, []),
  ];
  return { kind: 'thread', isBroken, answer: tree(postId, found) };
}
const serve = (spoil: (kind: Kind) => Answer | undefined) =>
  serveReddit(({ path, query, body }) => {
    const { kind, isBroken, answer } = whole(path, query, body);
    return (isBroken ? spoil(kind) : undefined) ?? { body: answer };
  });

async function scrape(spoil: (kind: Kind) => Answer | undefined) {
  const { url } = await serve(spoil);
  const parameters = { subreddits: ['broken', 'fine'], sort: 'new', expand_more: 20, incremental: true };
  const run = bench.attempt(client(url), parameters, { isLastAttempt: true });
  const result = await run.result.catch((error: RedditError) => error);
  const stored = async (table: string) => (await bench.rowsOf(table)).map(({ id }) => String(id));
  return { result, posts: await stored('reddit_posts'), comments: await stored('reddit_comments') };
}
const ofFine = ['fine1a', 'fine1b', 'fine1x', 'fine1y', 'fine2a', 'fine2b', 'fine2x', 'fine2y'];
const html = '<!doctype html><p>select * from people</p>';

const lasting: [string, Answer][] = [
  ['301', { status: 301, headers: { location: '/r/elsewhere/' }, body: '' }],
  ['302 to the login', { status: 302, headers: { location: 'https://www.reddit.com/login?dest=x' }, body: html }],
  ['302 to nowhere', { status: 302, body: '' }],
  ['400', { status: 400, body: { error: 400 } }],
  ['404', { status: 404, body: html }],
  ['410', { status: 410, body: '' }],
  ['414', { status: 414, body: html }],
  ...['private', 'quarantined', 'gold_only', 'banned'].flatMap((reason): [string, Answer][] => [
    [`403 ${reason}`, { status: 403, body: { error: 403, reason } }],
    [`200 ${reason}`, { body: { error: 403, reason, message: 'Forbidden' } }],
  ]),
  ['HTML', { headers: { 'content-type': 'text/html' }, body: html }],
  ['nothing', { body: '' }],
  ['204', { status: 204, body: '' }],
  ['null', { body: 'null' }],
  ['half an answer', { body: '{"kind":"Listing","data":{"chil' }],
  ['another charset', { headers: { 'content-type': 'application/json; charset=utf-16' }, body: '{\0"\0k\0' }],
  ['another thing', { body: { kind: 'wikipage', data: {} } }],
];

describe.each(lasting)('%s in place of', (_, answer) => {
  const at = (kind: Kind) => scrape((asked) => (asked === kind ? answer : undefined));

  test('a listing fails that subreddit only', async () => {
    const { result, posts, comments } = await at('listing');
    expect(result).toMatchObject({
      subreddits: [
        { status: 'failed', error: expect.stringMatching(/r\/broken\/new|not a listing of posts/) },
        { status: 'succeeded' },
      ],
    });
    expect([posts, comments]).toEqual([['fine1', 'fine2'], ofFine]);
  });

  test('a thread costs that thread only', async () => {
    const { result, comments } = await at('thread');
    expect(result).toMatchObject({ threads_failed: 1, threads_read: 3, subreddits: [{ status: 'succeeded' }, {}] });
    expect(comments).toEqual(['broken2a', 'broken2b', 'broken2x', 'broken2y', ...ofFine]);
  });

  test('a page of a thread costs that page only', async () => {
    const { result, comments } = await at('page');
    expect(result).toMatchObject({ threads_failed: 0, threads_read: 4, unexpanded: 1 });
    expect(comments).toHaveLength(15);
  });

  test('folded comments costs these only', async () => {
    const { result, comments } = await at('more');
    expect(result).toMatchObject({ threads_failed: 0, threads_read: 4, unexpanded: 1 });
    expect(comments).toHaveLength(15);
  });
});

describe.each<[string, Answer, string]>([
  ['403 HTML', { status: 403, headers: { 'content-type': 'text/html' }, body: html }, 'blocked'],
  ['403 nothing', { status: 403, body: '' }, 'blocked'],
  ['429', { status: 429, body: '' }, 'rate_limited'],
  ['500', { status: 500, body: html }, 'unavailable'],
  ['503', { status: 503, body: { error: 503 } }, 'unavailable'],
  ['200 that says 500', { body: { error: 500 } }, 'unavailable'],
])('%s is waited for', (_, answer, kind) => {
  test.each<Kind>(['listing', 'thread', 'page', 'more'])('in place of: %s', async (asked) => {
    const { result } = await scrape((given) => (given === asked ? answer : undefined));
    expect(result).toMatchObject({ name: 'RedditError', kind, message: expect.not.stringContaining('select') });
  });
});

test('what is odd in a thread costs that part only, and nothing is stored of it that cannot be', async () => {
  const odd = [
    ...Array.from({ length: 20 }, (_, index) => comment(`plain${index}`, 'broken1')),
    comment('ok', 'broken1'),
    comment('nul\0', 'broken1'),
    comment('text', 'broken1', undefined, { body: 'a\0b\ud800c', author: 'x\ud800'.repeat(90) }),
    comment('later', 'broken1', undefined, { created_utc: 9.4e12 }),
    comment('never', 'broken1', undefined, { created_utc: 'NaN' }),
    comment('told', 'broken1', undefined, { created_utc: String(CREATED), score: '12', edited: -1e20 }),
    comment('astray', 'broken1', 'somewhere'),
    comment('other', 'nopost'),
    more('t3_broken1', [], { count: 5 }),
    more('t1_', ['x']),
    more('t1_ok', ['', '../../about', 'a,b', 'ok', 'ok', null, 7] as unknown[], { count: '1e9' }),
    { kind: 'more', data: { parent_id: 't1_text', count: -3, children: null } },
    { kind: 'more', data: null },
    { kind: 'more' },
    { kind: 't9', data: {} },
    null,
    [],
    7,
  ];
  const { result, comments } = await scrape((kind) => (kind === 'thread' ? { body: tree('broken1', odd) } : undefined));
  expect(result).toMatchObject({ threads_failed: 0, threads_read: 4, subreddits: [{ status: 'succeeded' }, {}] });
  expect(comments).toEqual(expect.arrayContaining(['ok', 'text', 'told', 'broken1y', ...ofFine]));
  expect(comments.filter((id) => /^(nul|later|never|astray|other)/.test(id))).toEqual([]);
  const [told] = (await bench.rowsOf('reddit_comments')).filter(({ id }) => id === 'told');
  expect(told).toMatchObject({ score: 12, edited_at: null });
});

test.each([1, 2, 3])('pages of a thread that lead in a circle of %i end, and tell so', async (length) => {
  let asked = 0;
  const { url } = await serveReddit(({ path, query }) => {
    if (path.startsWith('/r/')) return { body: listing([post('broken1')]) };
    const at = query.comment ? Number(query.comment.slice(1)) : -1;
    asked += 1;
    const next = `c${(at + 1) % length}`;
    return { body: tree('broken1', [comment(query.comment ?? 'c0', 'broken1'), more(`t1_${next}`, [])]) };
  });
  const parameters = { subreddits: ['broken'], sort: 'new', expand_more: 1000 };
  const result = await bench.attempt(client(url), parameters).result;
  expect(result).toMatchObject({ circles: 1, threads_read: 1 });
  expect(asked).toBe(1 + length);
  expect((await bench.threads())[0]).toMatchObject({ is_complete: false });
});

test.each([1, 2, 3])('pages of a listing that lead in a circle of %i end, and tell so', async (length) => {
  const { url, seen } = await serveReddit(({ query }) => {
    const at = query.after ? Number(query.after.slice(4)) : 0;
    return { body: listing([post(`broken${at}`)], `t3_b${(at % length) + 1}`) };
  });
  const parameters = { subreddits: ['broken'], sort: 'new', posts_limit: 1000, comments_limit: 0 };
  const result = await bench.attempt(client(url), parameters).result;
  expect(result).toMatchObject({ circles: 1, subreddits: [{ ended_early: expect.stringContaining('led back') }] });
  expect(seen.length).toBeLessThanOrEqual(length + 2);
});
