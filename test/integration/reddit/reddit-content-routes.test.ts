import { type TestStack, useTestApi } from '../../support/api-support';

let { db, api } = {} as TestStack;
useTestApi('file', (stack) => ({ db, api } = stack));

describe('the routes of Reddit content', () => {
  const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
  beforeAll(async () => {
    await db.database('reddit_posts').insert(
      [0, 1, 2, 3].map((n) => ({
        id: `p${n}`,
        title: n === 2 ? 'A walrus sings' : `Post ${n}`,
        subreddit: n === 3 ? 'Pics' : 'funny',
        score: n * 10,
        upvote_ratio: 0.987,
        is_nsfw: n === 1,
        is_sandbox: true,
        language: 'simple',
        reddit_created_at: at(n),
      })),
    );
    await db.database('reddit_comments').insert(
      [5, 9, 7].map((score, n) => ({
        id: `c${n}`,
        post_id: 'p0',
        body: `comment ${n}`,
        subreddit: 'funny',
        parent_id: 't3_p0',
        score,
        depth: 0,
        is_deleted: n === 2,
        reddit_created_at: at(n),
      })),
    );
  });
  const ids = (body: { id: string }[]) => body.map((item) => item.id);

  test('answer a post with every field of the contract, and its sandbox flag', async () => {
    expect((await api.user('GET', '/reddit/posts/p1')).body).toEqual({
      id: 'p1',
      title: 'Post 1',
      author: null,
      subreddit: 'funny',
      subreddit_subscribers: null,
      content: null,
      url: null,
      domain: null,
      score: 10,
      upvote_ratio: 0.987,
      num_comments: 0,
      flair_text: null,
      is_self: false,
      is_nsfw: true,
      is_spoiler: false,
      reddit_created_at: '2026-01-01T00:01:00.000Z',
      scraped_at: expect.stringMatching(/Z$/),
      is_deleted: false,
      is_sandbox: true,
      language: 'simple',
      edited_at: null,
      media: null,
      is_score_hidden: false,
    });
    expect(await api.user('GET', '/reddit/posts/none')).toMatchObject({
      status: 404,
      body: { detail: 'Post not found' },
    });
  });

  test.each([
    ['', ['p3', 'p2', 'p1', 'p0']],
    ['subreddit=FUNNY&min_score=10', ['p2', 'p1']],
    ['since=2026-01-01T00:02&until=2026-01-01T01:03:00%2B01:00', ['p2']],
    ['nsfw=yes', ['p1']],
    ['q=walruses', ['p2']],
  ])('filter posts by %s', async (query, expected) => {
    expect(ids((await api.user('GET', `/reddit/posts?${query}`)).body)).toEqual(expected);
  });

  test('answer lists as arrays, and name the next page in the headers', async () => {
    const first = await api.user('GET', '/reddit/posts?limit=3&subreddit=funny');
    expect([ids(first.body), first.headers['x-next-cursor']]).toEqual([['p2', 'p1', 'p0'], undefined]);
    const page = await api.user('GET', '/reddit/posts?limit=2&subreddit=funny');
    const link = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1] ?? '';
    expect(new URL(link, 'http://localhost').searchParams.get('cursor')).toBe(page.headers['x-next-cursor']);
    expect(ids((await api.user('GET', link)).body)).toEqual(['p0']);
  });

  test('sort the comments of a post by score, and all comments by time', async () => {
    const { body } = await api.user('GET', '/reddit/posts/p0/comments');
    expect(ids(body)).toEqual(['c1', 'c2', 'c0']);
    expect(body[1]).toEqual({
      id: 'c2',
      post_id: 'p0',
      author: null,
      body: 'comment 2',
      subreddit: 'funny',
      parent_id: 't3_p0',
      depth: 0,
      is_submitter: false,
      score: 7,
      controversiality: 0,
      reddit_created_at: '2026-01-01T00:02:00.000Z',
      scraped_at: expect.any(String),
      is_deleted: true,
      is_sandbox: false,
      language: 'simple',
      edited_at: null,
      is_score_hidden: false,
    });
    expect((await api.user('GET', '/reddit/posts/p1/comments')).body).toEqual([]);
    expect((await api.user('GET', '/reddit/posts/none/comments')).status).toBe(404);
    expect(ids((await api.user('GET', '/reddit/comments?limit=1000')).body)).toEqual(['c2', 'c1', 'c0']);
  });

  test.each([
    '/reddit/posts?limit=501',
    '/reddit/comments?limit=1001',
    '/reddit/posts/p0/comments?limit=0',
    '/reddit/posts?since=yesterday',
    '/reddit/posts?nsfw=2',
    '/reddit/posts?cursor=x',
    '/reddit/posts?min_score=1.5',
  ])('refuse %s', async (path) => {
    const { status, body } = await api.user('GET', path);
    expect([status, body.detail.length]).toEqual([422, 1]);
  });
});
