import { isWatermarkReached, newestOf } from './scrape-knowledge';
import { at, comment, pages, post, start, tree, type Script } from '../../../test/support/fake-scrape';
import type { ScrapeMemory, Watermark } from '../ports/scrape-memory';

describe('what is known costs no request', () => {
  const script: Script = {
    listPosts: pages([post('a', 2), post('b', 1)]),
    getComments: async ({ postId }) =>
      tree([comment(`${postId}1`)], postId === 'a' ? [{ parentId: 't1_a1', children: ['m'], count: 1, depth: 1 }] : []),
    getMoreChildren: async () => tree([comment('m', 1)]),
  };
  const base = { subreddits: ['funny'], comments_limit: 100 };
  const again = async (first: object, second: object, scripted = script) => {
    const before = start(script, { ...base, ...first });
    await before.result;
    const run = start(
      scripted,
      { ...base, ...second },
      { memory: { ...before.kept.memory, claimPosts: async ({ postIds }) => postIds } },
    );
    return { result: await run.result, asked: run.asked };
  };

  test('threads with as many comments as at the last reading', async () => {
    const { result, asked } = await again({}, {});
    expect(asked).toEqual(['page funny - 50']);
    expect(result).toMatchObject({
      requests: 1,
      threads_read: 0,
      threads_unchanged: 2,
      requests_saved: { unchanged_threads: 2, watermark: 0 },
    });
  });

  test('a thread that was not read to its end is read again in another order', async () => {
    expect((await again({}, { comments_sort: 'new' })).asked).toEqual(['page funny - 50', 'tree a 100 -']);
  });

  test('a thread that has grown is read again, and every thread with reread_unchanged', async () => {
    const grown: Script = { ...script, listPosts: pages([post('a', 2), post('b', 5)]) };
    expect((await again({}, {}, grown)).asked).toEqual(['page funny - 50', 'tree b 100 -']);
    expect((await again({}, { reread_unchanged: true })).asked).toEqual([
      'page funny - 50',
      'tree a 100 -',
      'tree b 100 -',
    ]);
  });

  test('a thread that earlier limits cut short and the present ones do not is read again', async () => {
    expect((await again({}, { expand_more: 1 })).asked.slice(1)).toEqual(['tree a 100 -', 'more a m']);
    expect((await again({ comments_limit: 1 }, {})).asked).toHaveLength(3);
    expect((await again({ comments_depth: 2 }, {})).asked).toHaveLength(3);
    expect((await again({}, { comments_depth: 2 })).asked).toHaveLength(1);
  });

  const on = (second: number) => new Date(at.getTime() + second * 1_000);
  const newest = (from: number) => (query: { limit: number; after?: string | null }) => {
    const top = query.after ? Number(query.after) : from;
    const posts = Array.from({ length: query.limit }, (_, n) => post(`n${top - n}`, 0, { createdAt: on(top - n) }));
    return Promise.resolve({
      posts: query.after ? posts : [post('pinned', 0, { isPinned: true, createdAt: on(-9_999) }), ...posts.slice(1)],
      after: String(top - query.limit),
      malformed: 0,
    });
  };
  const watermark = (more: Partial<Watermark> = {}) => ({
    findWatermark: async () => ({
      postId: 'n900',
      createdAt: on(900),
      postsLimit: 500,
      commentsLimit: 100,
      commentsDepth: null,
      expandMore: 0,
      ...more,
    }),
  });
  const incremental = { ...base, sort: 'new', posts_limit: 500, incremental: true };

  test('pages after the newest post of the last scrape; an old pinned post does not end the listing', async () => {
    const run = start({ listPosts: newest(950) }, incremental, { memory: watermark() });
    expect(await run.result).toMatchObject({
      requests: 1,
      requests_saved: { watermark: 4 },
      subreddits: [{ watermark_reached: true }],
    });
    const far = start({ listPosts: newest(1_150) }, incremental, { memory: watermark() });
    expect(await far.result).toMatchObject({ requests: 3, requests_saved: { watermark: 2 } });
  });

  test.each<[string, object, Partial<Watermark>]>([
    ['the order is not by time', { ...incremental, sort: 'hot' }, {}],
    ['it was not asked for', { ...incremental, incremental: false }, {}],
    ['the last scrape went less deep in posts', incremental, { postsLimit: 100 }],
    ['in comments', { ...incremental, comments_limit: 200 }, {}],
    ['in levels', incremental, { commentsDepth: 3 }],
    ['in requests', { ...incremental, expand_more: 1 }, {}],
    ['or read comments in another order', { ...incremental, comments_sort: 'new' }, {}],
  ])('but no page when %s', async (_, parameters, more) => {
    const run = start({ listPosts: newest(950) }, parameters, { memory: watermark(more) });
    expect(await run.result).toMatchObject({
      requests: 5,
      requests_saved: { watermark: 0 },
      subreddits: [{ watermark_reached: null }],
    });
  });

  test('the next watermark is the newest post, with the depth that the listing is known to without a gap', async () => {
    const reached = start({ listPosts: newest(950) }, { ...incremental, posts_limit: 200 }, { memory: watermark() });
    await reached.result;
    expect(reached.kept.watermarks.get('funny/new')).toMatchObject({ postId: 'n949', postsLimit: 500 });
    const gap = start({ listPosts: newest(5_000) }, { ...incremental, posts_limit: 200 }, { memory: watermark() });
    expect(await gap.result).toMatchObject({ subreddits: [{ watermark_reached: false }] });
    expect(gap.kept.watermarks.get('funny/new')).toMatchObject({ postsLimit: 200 });
    const hot = start({ listPosts: pages([post('a')]) }, { ...base, sort: 'hot' });
    await hot.result;
    expect(hot.kept.watermarks.size).toBe(0);
  });
});

test('refresh_days looks up posts that the listing did not show by the hundred, and reads grown threads', async () => {
  const script: Script = {
    listPosts: pages([post('a')]),
    getComments: async () => tree([comment('o1')]),
    getInfo: async (names) => ({
      posts: names.map((name) => post(name.slice(3), name === 't3_o7' ? 1 : 0)),
      comments: [],
      malformed: 0,
    }),
  };
  const old = Array.from({ length: 150 }, (_, n) => `o${n}`);
  const listUnlisted: ScrapeMemory['listUnlisted'] = async ({ afterId, limit }) =>
    old.slice(afterId ? old.indexOf(afterId) + 1 : 0).slice(0, limit);
  const run = start(script, { subreddits: ['funny'], refresh_days: 3 }, { memory: { listUnlisted } });
  expect(await run.result).toMatchObject({ requests: 4, posts: { new: 151 }, threads_read: 1 });
  expect(run.asked).toEqual(['page funny - 50', 'info 100', 'tree o7 100 -', 'info 50']);
});

test('dates that cannot be neither set a watermark nor end a listing', () => {
  const dated = (id: string, at: string) => ({ id, createdAt: new Date(at), isPinned: false });
  const latest = new Date('2026-01-02T00:00:00Z');
  const page = [dated('a', '9999-01-01'), dated('b', '2026-01-01'), dated('c', '1969-12-31T23:59:59Z')];
  expect(newestOf(page, latest)?.id).toBe('b');
  expect(isWatermarkReached({ postId: 'w', createdAt: '2025-12-31T00:00:00.000Z' }, page)).toBe(false);
  expect(isWatermarkReached({ postId: 'w', createdAt: '2026-01-03T00:00:00.000Z' }, page)).toBe(true);
});
