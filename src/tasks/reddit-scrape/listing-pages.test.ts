import { pages, post, start, type Script } from '../../../test/support/fake-scrape';

const page = (ids: string[], after: string | null) => ({ posts: ids.map((id) => post(id)), after, malformed: 0 });
const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** A listing in which some posts have been deleted since their page was read: as cursors they give empty pages. */
const listingWithout =
  (all: string[], gone: string[]): Script['listPosts'] =>
  async ({ after, limit }) => {
    const from = after ? after.slice(3) : undefined;
    if (from && gone.includes(from)) return page([], null);
    const isFirst = from === undefined;
    const left = isFirst ? all : all.filter((id) => !gone.includes(id));
    const begin = isFirst ? 0 : left.indexOf(from) + 1;
    const shown = left.slice(begin, begin + (isFirst ? 5 : limit));
    return page(shown, begin + shown.length < left.length ? `t3_${shown.at(-1)}` : null);
  };

describe('a listing that leads in circles ends, and tells so', () => {
  const circle = {
    circles: 1,
    subreddits: [{ status: 'succeeded', ended_early: expect.stringContaining('led back') }],
  };

  test('A, B, A', async () => {
    const next: Record<string, [string, string]> = { '-': ['a', 'A'], A: ['b', 'B'], B: ['c', 'A'] };
    const run = start(
      { listPosts: async ({ after }) => page([next[after ?? '-']![0]], next[after ?? '-']![1]) },
      { subreddits: ['funny'], sort: 'new' },
    );
    expect(await run.result).toMatchObject({ ...circle, posts: { new: 3 }, requests: 3 });
    // A listing that was not read to its end is not known to any depth.
    expect(run.kept.watermarks.size).toBe(0);
  });

  test('the same posts under ever new cursors', async () => {
    let asks = 0;
    const run = start(
      { listPosts: async () => page(ids('p', 25), `c${(asks += 1)}`) },
      { subreddits: ['funny'], posts_limit: 50 },
    );
    expect(await run.result).toMatchObject({ ...circle, posts: { new: 25 } });
    expect(run.asked.length).toBeLessThanOrEqual(7);
  });

  test('not one whose pages another subreddit of the run has listed', async () => {
    const shared = [ids('p', 100).map((id) => post(id)), ids('q', 100).map((id) => post(id)), [post('z')]];
    const run = start({ listPosts: pages(...shared) }, { subreddits: ['funny', 'all'], posts_limit: 200 });
    expect(await run.result).toMatchObject({ circles: 0, posts: { new: 201 } });
  });
});

describe('a listing whose cursor has been deleted', () => {
  const all = ids('p', 12);
  const parameters = { subreddits: ['funny'], posts_limit: 12 };

  test('goes on after an earlier post', async () => {
    const run = start({ listPosts: listingWithout(all, ['p4', 'p3']) }, parameters);
    expect(await run.result).toMatchObject({
      posts: { new: 12, unchanged: 0 },
      subreddits: [{ status: 'succeeded', ended_early: null }],
    });
    expect(run.asked.slice(1)).toEqual(['page funny t3_p4 7', 'page funny t3_p3 7', 'page funny t3_p2 7']);
  });

  test('tells that it ended early when all of these have been deleted too', async () => {
    const run = start({ listPosts: listingWithout(all, all.slice(0, 5)) }, { ...parameters, sort: 'new' });
    expect(await run.result).toMatchObject({
      posts: { new: 5 },
      subreddits: [{ status: 'succeeded', ended_early: expect.stringContaining('deleted') }],
    });
    expect(run.kept.watermarks.size).toBe(0);
  });

  test('is not assumed where Reddit names a next page after the last one', async () => {
    const run = start(
      {
        listPosts: async ({ after }) => {
          if (after === null) return page(['a', 'b'], 't3_b');
          return after === 't3_a' ? page(['b'], 't3_b') : page([], null);
        },
      },
      parameters,
    );
    expect(await run.result).toMatchObject({ posts: { new: 2 }, circles: 0, subreddits: [{ ended_early: null }] });
  });

  test('is not assumed of a subreddit without posts', async () => {
    const run = start({ listPosts: async () => page([], null) }, parameters);
    expect(await run.result).toMatchObject({ requests: 1, subreddits: [{ ended_early: null }] });
  });
});
