import { createScrapeBench } from '../../support/scrape-attempts';

const { connect, attempt, nextRun, rowsOf } = createScrapeBench();

describe('a scrape of generated content', () => {
  const frozen = { now: () => new Date('2026-05-01T12:00:00Z') };

  test('counts malformed items and stores the rest, and reports an unreadable subreddit as its outcome', async () => {
    const reddit = await connect({ ...frozen, faults: { malformedEvery: 5 } });
    const result = await attempt(reddit, {
      subreddits: ['nosuchsubreddit', 'taskloom_private', 'typescript', 'taskloom_banned'],
      sort: 'new',
      posts_limit: 20,
      comments_limit: 0,
    }).result;
    expect(result).toMatchObject({
      subreddits: [
        { status: 'failed' },
        { status: 'failed', error: expect.stringContaining('private') },
        { status: 'succeeded' },
        { status: 'failed', error: expect.stringContaining('banned') },
      ],
    });
    expect(result.malformed).toBeGreaterThan(0);
    expect(await rowsOf('reddit_posts')).toHaveLength((result.posts as { new: number }).new);
  });

  test('changes nothing in a second scrape of unchanged content', async () => {
    const reddit = await connect(frozen);
    const parameters = {
      subreddits: ['history'],
      sort: 'top',
      time_filter: 'all',
      posts_limit: 20,
      comments_limit: 500,
      expand_more: 20,
      reread_unchanged: true,
    };
    const first = (await attempt(reddit, parameters).result) as { posts: { new: number }; comments: { new: number } };
    expect(first.posts.new).toBe(20);
    expect(first.comments.new).toBeGreaterThan(20);
    const before = [await rowsOf('reddit_posts'), await rowsOf('reddit_comments')];
    await nextRun();
    expect(await attempt(reddit, parameters).result).toMatchObject({
      posts: { new: 0, updated: 0, unchanged: 20 },
      comments: { new: 0, updated: 0, unchanged: first.comments.new },
    });
    expect([await rowsOf('reddit_posts'), await rowsOf('reddit_comments')]).toEqual(before);
  });

  test('ends the attempt with a retryable error when the server stays broken', async () => {
    const reddit = await connect({ ...frozen, faults: { errorEvery: 1 } });
    await expect(attempt(reddit, { subreddits: ['typescript'] }).result).rejects.toMatchObject({
      name: 'RedditError',
      kind: 'unavailable',
    });
  });
});
