import { faultsOf, useContract } from './contract-api';
import { at, insertPostsAndComments } from './reddit-content';

const contract = useContract(['reddit']);
const { user } = contract;
beforeAll(() => insertPostsAndComments(contract.database));

describe('statistics of a subreddit', () => {
  const day = (n: number) => new Date(Date.now() - n * 86_400_000);
  const date = (n: number) => day(n).toISOString().slice(0, 10);
  beforeAll(async () => {
    await contract.database('reddit_posts').insert([
      { id: 'f1', title: 'x', subreddit: 'Figures', score: 10, num_comments: 4, reddit_created_at: day(0) },
      { id: 'f2', title: 'x', subreddit: 'figures', score: 5, num_comments: 1, reddit_created_at: day(2) },
      { id: 'f3', title: 'x', subreddit: 'Figures', score: 999, reddit_created_at: day(40) },
    ]);
    const comment = (n: number, author: string | null, score: number, age: number) => ({
      id: `g${n}`,
      post_id: 'f1',
      body: 'x',
      subreddit: 'FIGURES',
      parent_id: 't3_f1',
      author,
      score,
      reddit_created_at: day(age),
    });
    await contract
      .database('reddit_comments')
      .insert([
        comment(1, 'ann', 1, 0),
        comment(2, 'ann', 2, 1),
        comment(3, 'ben', -7, 1),
        comment(4, '[deleted]', 0, 1),
        comment(5, '[deleted]', 0, 1),
        comment(6, null, 0, 1),
        comment(7, 'old', 99, 364),
        ...Array.from({ length: 12 }, (_, n) => comment(20 + n, `a${String.fromCharCode(97 + n)}`, 0, 300)),
      ]);
  });

  test('are found by name in any case; each day is listed, and the sums match', async () => {
    const { status, body } = await user('GET', '/reddit/subreddits/fIGURES/stats');
    expect([status, body]).toEqual([
      200,
      {
        subreddit: 'Figures',
        period_days: 30,
        posts: { total_count: 2, avg_score: 7.5, max_score: 10, avg_comments_per_post: 2.5 },
        comments: { total_count: 6, avg_score: -0.67, max_score: 2 },
        top_authors: [
          { author: 'ann', comment_count: 2, avg_score: 1.5 },
          { author: 'ben', comment_count: 1, avg_score: -7 },
        ],
        days: Array.from({ length: 30 }, (_, n) => ({
          date: date(29 - n),
          posts: n === 29 || n === 27 ? 1 : 0,
          comments:
            new Map([
              [29, 1],
              [28, 5],
            ]).get(n) ?? 0,
        })),
      },
    ]);
    const year = (await user('GET', '/reddit/subreddits/figures/stats?days=365')).body;
    expect([year.days.length, year.top_authors.length, year.comments, year.posts.total_count]).toEqual([
      365,
      10,
      { total_count: 19, avg_score: 5, max_score: 99 },
      3,
    ]);
    expect((await user('GET', '/reddit/subreddits/Figures/stats?days=1')).body).toMatchObject({
      posts: { total_count: 1 },
      comments: { total_count: 1 },
      days: [{ date: date(0) }],
    });
  });

  test('answer 404 for an unknown subreddit, and zeros for an inactive one', async () => {
    for (const name of ['nothing', 'Figure_', '%25', "x'--"])
      expect([name, await user('GET', `/reddit/subreddits/${name}/stats`)]).toMatchObject([name, { status: 404 }]);
    await contract
      .database('reddit_posts')
      .insert({ id: 'quiet', title: 'x', subreddit: 'Quiet', score: -3, reddit_created_at: day(400) });
    expect((await user('GET', '/reddit/subreddits/quiet/stats')).body).toMatchObject({
      posts: { total_count: 0, avg_score: 0, max_score: 0, avg_comments_per_post: 0 },
      comments: { total_count: 0 },
      top_authors: [],
    });
  });
});

describe('the history of a post', () => {
  beforeAll(async () => {
    await contract
      .database('reddit_posts')
      .insert({ id: 'hist', title: 'x', subreddit: 's', reddit_created_at: at(0) });
    await contract.database('reddit_post_snapshots').insert(
      [3, 1, 2].map((n) => ({
        post_id: 'hist',
        taken_at: contract.database.raw(`timestamptz '2026-02-0${n} 00:00:00.000123+00'`),
        score: n * 10,
        upvote_ratio: n === 1 ? null : 0.5,
        num_comments: n,
      })),
    );
  });
  const scores = async (query = '') =>
    (await user('GET', `/reddit/posts/hist/history${query}`)).body.map(({ score }: { score: number }) => score);

  test('is listed oldest first, between two times, page by page', async () => {
    expect((await user('GET', '/reddit/posts/hist/history')).body[0]).toEqual({
      taken_at: '2026-02-01T00:00:00.000Z',
      score: 10,
      upvote_ratio: null,
      num_comments: 1,
    });
    expect(await scores()).toEqual([10, 20, 30]);
    expect(await scores('?from=2026-02-02&to=2026-02-03')).toEqual([20]);
    expect(await scores('?from=2027-01-01')).toEqual([]);
    const first = await user('GET', '/reddit/posts/hist/history?limit=2');
    expect(first.body).toHaveLength(2);
    expect(await scores(`?limit=2&cursor=${String(first.headers['x-next-cursor'])}`)).toEqual([30]);
    expect((await user('GET', '/reddit/posts/p2/history')).body).toEqual([]);
  });

  test('refuses a range that ends before it begins; an empty range is an empty list', async () => {
    expect((await user('GET', '/reddit/posts/hist/history?from=2026-02-03&to=2026-02-02')).body.detail).toEqual([
      { type: 'value_error', loc: ['query', 'to'], msg: 'Input should not be before from', input: '2026-02-02' },
    ]);
    expect(await scores('?from=2026-02-02&to=2026-02-02')).toEqual([]);
  });

  test('answers 404 for an unknown post, and reports the faults of the query', async () => {
    expect((await user('GET', '/reddit/posts/none/history')).status).toBe(404);
    expect(
      faultsOf(await user('GET', '/reddit/posts/hist/history?from=x&to=y&limit=5001')).map(([, loc]) => loc),
    ).toEqual(['query.from', 'query.to', 'query.limit']);
    for (const cursor of ['', 'x', Buffer.from('h:999999999999999999').toString('base64url')])
      expect(faultsOf(await user('GET', `/reddit/posts/hist/history?cursor=${cursor}`))).toEqual([
        ['value_error', 'query.cursor'],
      ]);
  });
});

contract.testInteger('/reddit/subreddits/figures/stats', 'days', 1, 365, user);

contract.testInteger('/reddit/posts/hist/history', 'limit', 1, 5_000, user);

contract.testCoverage(/(history|stats)$/);
