import { comment, failure, pages, post, start, tree, type Script } from '../../../test/support/fake-scrape';
import type { MoreStub } from '../../platform/reddit/reddit-client';
import { RedditError } from '../../shared/reddit-error';

test('a lane reads pages, then the comments of the posts that have some', async () => {
  const run = start(
    {
      listPosts: pages([post('a', 2), post('b')], [post('c', 1)]),
      getComments: async ({ postId }) => tree([comment(`${postId}1`), comment(`${postId}2`, 1, true)]),
    },
    { subreddits: ['funny'] },
  );
  expect(await run.result).toEqual({
    config_id: 7,
    source: 'sandbox',
    posts: { new: 3, updated: 0, unchanged: 0 },
    comments: { new: 4, updated: 0, unchanged: 0, deleted_marked: 2 },
    threads_read: 2,
    threads_unchanged: 0,
    threads_failed: 0,
    requests: 4,
    requests_saved: { unchanged_threads: 0, watermark: 0 },
    unexpanded: 0,
    malformed: 0,
    circles: 0,
    subreddits: [
      expect.objectContaining({
        subreddit: 'funny',
        status: 'succeeded',
        posts: { new: 3, updated: 0, unchanged: 0 },
        comments: { new: 4, updated: 0, unchanged: 0, deleted_marked: 2 },
        threads_read: 2,
        requests: 4,
        watermark_reached: null,
      }),
    ],
  });
  expect(run.asked).toEqual(['page funny - 50', 'tree a 100 -', 'page funny 1 48', 'tree c 100 -']);
  expect(run.lines).toEqual([expect.stringContaining('sandbox')]);
});

test('posts_limit bounds the posts; with comments_limit 0 no comments are read', async () => {
  const full = Array.from({ length: 100 }, (_, index) => post(`p${index}`, 3));
  const run = start(
    { listPosts: pages(full, [post('x', 3), post('y', 3)]) },
    { subreddits: ['funny'], posts_limit: 101, comments_limit: 0 },
  );
  expect(await run.result).toMatchObject({ posts: { new: 101 }, comments: { new: 0 }, requests: 2 });
  expect(run.asked).toEqual(['page funny - 100', 'page funny 1 1']);
});

test('a listing that shifts between its pages shows a post twice: it is processed once', async () => {
  const run = start(
    { listPosts: pages([post('a', 1), post('b'), post('a', 1)], [post('b'), post('c')]) },
    { subreddits: ['funny', 'pics'] },
  );
  expect(await run.result).toMatchObject({
    posts: { new: 3, unchanged: 0 },
    subreddits: [{ posts: { new: 3 } }, { posts: { new: 0, unchanged: 0 } }],
  });
});

test('a listing that names its own page as the next ends', async () => {
  const run = start(
    { listPosts: async () => ({ posts: [post('a')], after: 'same', malformed: 0 }) },
    { subreddits: ['funny'] },
  );
  expect(await run.result).toMatchObject({ requests: 2, posts: { new: 1 } });
});

describe('more comments', () => {
  const stubs: MoreStub[] = [
    { parentId: 't1_c1', children: ['m1', 'm2'], count: 5, depth: 1 },
    { parentId: 't1_c9', children: [], count: 0, depth: 10 },
  ];
  const script: Script = {
    listPosts: pages([post('p', 9)]),
    getComments: async ({ comment: below }) =>
      below ? tree([comment('c9', 9), comment('d1', 10)]) : tree([comment('c1'), comment('c9', 9)], stubs),
    getMoreChildren: async ({ depthOf }) =>
      tree(
        [comment('m1', (depthOf('c1') ?? -9) + 1), comment('m2', 1)],
        [{ parentId: 't1_m1', children: ['m3'], count: 1, depth: 2 }],
      ),
  };

  test('without an allowance are not unfolded, but counted', async () => {
    expect(await start(script, { subreddits: ['funny'] }).result).toMatchObject({
      comments: { new: 2 },
      unexpanded: 6,
      requests: 2,
    });
  });

  test('are unfolded while the allowance lasts', async () => {
    const run = start(script, { subreddits: ['funny'], expand_more: 2 });
    expect(await run.result).toMatchObject({ comments: { new: 5, unchanged: 0 }, unexpanded: 1, requests: 4 });
    expect(run.asked.slice(1)).toEqual(['tree p 100 -', 'tree p/c9@9 99 -', 'more p m1,m2']);
    expect(run.stored).toEqual(['p', 'c1', 'c9', 'd1', 'm1', 'm2']);
  });

  test('stop at comments_limit and below comments_depth', async () => {
    const limited = start(script, { subreddits: ['funny'], expand_more: 9, comments_limit: 3 });
    expect(await limited.result).toMatchObject({ comments: { new: 3 } });
    expect(limited.asked).toHaveLength(3);
    const flat = start(script, { subreddits: ['funny'], expand_more: 9, comments_depth: 1 });
    expect(await flat.result).toMatchObject({ comments: { new: 1 }, unexpanded: 0 });
    expect(flat.asked).toEqual(['page funny - 50', 'tree p 100 1']);
  });

  test('comments_depth counts levels: a comment exactly that deep is left out, the one above it is kept', async () => {
    const deep: Script = {
      listPosts: pages([post('p', 3)]),
      getComments: async () => tree([comment('level1', 0), comment('level2', 1), comment('level3', 2)]),
    };
    const run = start(deep, { subreddits: ['funny'], comments_depth: 2 });
    expect(await run.result).toMatchObject({ comments: { new: 2 } });
    expect(run.stored).toEqual(['p', 'level1', 'level2']);
  });
});

test('a subreddit that fails does not fail the others', async () => {
  const script: Script = {
    listPosts: async ({ subreddit }) => {
      if (subreddit === 'hidden') throw new RedditError('forbidden', 'private');
      if (subreddit === 'gone') throw new RedditError('not_found', 'banned');
      return { posts: [post('a')], after: null, malformed: 1 };
    },
  };
  const run = start(script, { subreddits: ['hidden', 'funny', 'gone'] });
  expect(await run.result).toMatchObject({
    posts: { new: 1 },
    malformed: 1,
    subreddits: [
      { subreddit: 'hidden', status: 'failed', error: 'private' },
      { subreddit: 'funny', status: 'succeeded' },
      { subreddit: 'gone', status: 'failed', error: 'banned' },
    ],
  });
  expect(await failure(start(script, { subreddits: ['hidden', 'gone'] }).result)).toMatchObject({
    name: 'PermanentTaskError',
    message: 'No subreddit could be scraped. r/hidden: private; r/gone: banned',
  });
});

test.each([
  ['not_found', ['a', 'b']],
  ['malformed', ['a', 'b', 'a', 'a']],
] as const)('a post whose comments are %s is passed over', async (kind, turns) => {
  const run = start(
    {
      listPosts: pages([post('a', 1), post('b', 1)]),
      getComments: async ({ postId }) => {
        if (postId === 'a') throw new RedditError(kind, 'gone');
        return tree([comment('b1')]);
      },
    },
    { subreddits: ['funny'] },
  );
  expect(await run.result).toMatchObject({
    threads_failed: 1,
    comments: { new: 1 },
    subreddits: [{ status: 'succeeded' }],
  });
  expect(run.asked.slice(1)).toEqual(turns.map((id) => `tree ${id} 100 -`));
});

test('wherever an attempt breaks off, the next continues: nothing is requested or counted twice', async () => {
  const script: Script = {
    listPosts: async (query) =>
      pages([post(`${query.subreddit}1`, 1), post(`${query.subreddit}2`, 1)], [post(`${query.subreddit}3`)])!(query),
    getComments: async ({ postId }) =>
      tree([comment(`${postId}c`)], [{ parentId: `t1_${postId}c`, children: [`${postId}m`], count: 1, depth: 1 }]),
    getMoreChildren: async ({ postId }) => tree([comment(`${postId}m`, 1)]),
  };
  const parameters = { subreddits: ['funny', 'pics'], expand_more: 5 };
  const whole = start(script, parameters);
  const expected = await whole.result;
  expect(expected).toMatchObject({ posts: { new: 6 }, comments: { new: 8 }, requests: 12 });

  for (let breakAt = 1; breakAt < whole.asked.length; breakAt += 1) {
    let asks = 0;
    const down = new RedditError('unavailable', 'down');
    const breaking = <Ask extends (...query: never[]) => unknown>(ask: Ask) =>
      ((...query) => {
        asks += 1;
        if (asks > breakAt) throw down;
        return ask(...query);
      }) as Ask;
    const first = start(
      {
        listPosts: breaking(script.listPosts!),
        getComments: breaking(script.getComments!),
        getMoreChildren: breaking(script.getMoreChildren!),
      },
      parameters,
    );
    expect(await failure(first.result)).toBe(down);
    const second = start(script, parameters, { states: first.states(), memory: first.kept.memory });
    const { requests, ...rest } = (await second.result) as Record<string, unknown>;
    const { requests: _all, ...same } = expected as Record<string, unknown>;
    const withoutRequests = (result: Record<string, unknown>) => ({
      ...result,
      subreddits: (result.subreddits as object[]).map((one) => ({ ...one, requests: 0 })),
    });
    expect(withoutRequests(rest)).toEqual(withoutRequests(same));
    // The one that failed was sent too, except a page's, which the fake tells only when it is answered.
    expect([12, 13]).toContain(requests);
    expect([...first.asked.slice(0, breakAt), ...second.asked]).toEqual(whole.asked);
  }
});

test('an abort ends the lane between two steps, with the reason of the signal and a cursor', async () => {
  const stop = new AbortController();
  const reason = new Error('cancelled');
  const run = start(
    { listPosts: pages([post('a', 1), post('b', 1)]) },
    { subreddits: ['funny'] },
    { signal: stop.signal, onSave: () => stop.abort(reason) },
  );
  expect(await failure(run.result)).toBe(reason);
  expect(run.asked).toEqual(['page funny - 50']);
  expect(run.states()[0]).toMatchObject({ pending: [{ id: 'a' }, { id: 'b' }], outcome: { posts: { new: 2 } } });
});

test('a failure of the store is thrown, and the step is not counted', async () => {
  const broken = new Error('no database');
  const run = start(
    { listPosts: pages([post('a')]) },
    { subreddits: ['funny'] },
    { content: { upsertPosts: () => Promise.reject(broken), upsertComments: () => Promise.reject(broken) } },
  );
  expect(await failure(run.result)).toBe(broken);
  expect(run.states()[0]).toMatchObject({
    listing: { after: null, listed: 0, page: 0 },
    outcome: { requests: 1, posts: { new: 0 } },
  });
});

test('a page with unreadable items is requested once more; what stays unreadable is counted', async () => {
  let asks = 0;
  const spoilt: Script = {
    listPosts: async ({ after }) => {
      asks += 1;
      if (after) return { posts: [post('z')], after: null, malformed: 0 };
      return asks === 1
        ? { posts: [post('a'), post('b')], after: 'x', malformed: 2 }
        : { posts: [post('a'), post('c')], after: 'x', malformed: 2 };
    },
  };
  const run = start(spoilt, { subreddits: ['funny'], posts_limit: 100 });
  expect(await run.result).toMatchObject({ posts: { new: 4 }, malformed: 1, requests: 3 });
  expect(run.asked).toEqual(['page funny - 100', 'page funny - 100', 'page funny x 97']);
});
