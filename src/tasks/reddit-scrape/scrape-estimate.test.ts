import { estimateScrape } from './scrape-estimate';
import { scrapeParameters } from './scrape-parameters';
import { minutesOf, type ContentStats } from '../task-estimate';

const stats = (more: Partial<ContentStats> = {}): ContentStats => ({
  subreddit: 'funny',
  posts: 400,
  commentsPerPost: 40,
  shareWithComments: 0.5,
  expansionsPerThread: 0,
  threadsRead: 200,
  unchangedThreads: 0,
  ...more,
});
const estimate = (parameters: object, known: ContentStats[] = [], storedPosts = 0) =>
  estimateScrape(scrapeParameters.parse({ subreddits: ['Funny'], ...parameters }), {
    requestsPerMinute: 100,
    contentStats: async () => known,
    countStored: async () => ({ posts: storedPosts, comments: 0 }),
    withoutContent: async () => [],
  });

test('the assumptions for a subreddit without stored posts are listed, and bounded by the parameters', async () => {
  expect(await estimate({ posts_limit: 200 })).toEqual({
    requests: {
      total: { min: 1, max: 202, source: 'assumed', assumed: 162 },
      listing_pages: { min: 1, max: 2, source: 'assumed', assumed: 2 },
      threads: { min: 0, max: 200, source: 'assumed', assumed: 160 },
      expansions: { min: 0, max: 0, source: 'exact' },
    },
    minutes: { min: 0.1, max: 2.1, assumed: 1.7 },
    rows: {
      posts: { min: 0, max: 200, source: 'assumed', assumed: 200 },
      comments: { min: 0, max: 20_000, source: 'assumed', assumed: 4_000 },
    },
    basis: {
      requests_per_minute: 100,
      assumptions: [
        'Nothing is stored of r/Funny. Assumed of each: as many posts as posts_limit, ' +
          '80 of 100 with comments, 20 comments a post on average.',
      ],
      subreddits: [{ name: 'Funny', source: 'defaults', posts: 0, comments_per_post: 20, share_with_comments: 0.8 }],
    },
  });
});

test.each([
  [0, 0],
  [1, 0.1],
  [3, 0.1],
  [10, 0.1],
  [11, 0.2],
  [100, 1],
  [101, 1.1],
])('%i requests at 100 a minute take %d minutes', (requests, minutes) => {
  expect(minutesOf({ min: requests, max: requests, source: 'exact' }, 100)).toEqual({ min: minutes, max: minutes });
});

test('the requests to unfold comments are estimated even if nothing is stored, or no thread was read', async () => {
  const unknown = await estimate({ posts_limit: 100, expand_more: 5 });
  expect(unknown.requests.expansions).toEqual({ min: 0, max: 500, source: 'assumed', assumed: 80 });
  expect(unknown.basis.assumptions[0]).toMatch(/1 further request a thread to unfold comments/);
  const unread = await estimate({ posts_limit: 100, expand_more: 5 }, [stats({ threadsRead: 0 })]);
  expect(unread.requests).toMatchObject({
    total: { source: 'mixed', assumed: 101 },
    threads: { min: 50, max: 50, source: 'measured' },
    expansions: { min: 0, max: 250, source: 'assumed', assumed: 50 },
  });
  expect(unread.basis.assumptions).toEqual([
    'No comments of r/Funny have been read so far. Assumed of each: 1 further request a thread to unfold comments.',
  ]);
});

test('stored content narrows the estimate: threads with comments, unchanged threads, and a watermark', async () => {
  const measured = await estimate({ posts_limit: 200 }, [stats()]);
  expect(measured.requests).toMatchObject({
    total: { min: 102, max: 102, source: 'measured' },
    listing_pages: { min: 2, max: 2 },
    threads: { min: 100, max: 100, source: 'measured' },
  });
  expect(measured.requests.total).not.toHaveProperty('assumed');
  expect(measured.basis.assumptions).toEqual([]);
  expect((await estimate({ posts_limit: 200 }, [stats({ unchangedThreads: 70 })])).requests).toMatchObject({
    total: { min: 32, max: 102 },
  });
  expect(
    (await estimate({ posts_limit: 200, reread_unchanged: true }, [stats({ unchangedThreads: 70 })])).requests,
  ).toMatchObject({ total: { min: 102, max: 102 } });
  expect(
    (await estimate({ posts_limit: 200, sort: 'new', incremental: true }, [stats({ unchangedThreads: 400 })])).requests,
  ).toMatchObject({ total: { min: 1, max: 102 } });
});

test('comments_limit and expand_more bound the estimate', async () => {
  expect(await estimate({ posts_limit: 100, comments_limit: 0, expand_more: 9 }, [stats()])).toMatchObject({
    requests: { total: { min: 1, max: 1 } },
    rows: { comments: { min: 0, max: 0, source: 'exact' } },
  });
  const large = stats({ commentsPerPost: 900, shareWithComments: 1, expansionsPerThread: 6 });
  expect(
    (await estimate({ posts_limit: 100, comments_limit: 10_000, expand_more: 3 }, [large])).requests.expansions,
  ).toEqual({ min: 300, max: 300, source: 'measured' });
  expect(
    (await estimate({ posts_limit: 100, comments_limit: 10_000, expand_more: 30 }, [large])).requests.expansions,
  ).toEqual({ min: 600, max: 600, source: 'measured' });
  // Without further requests no tree gives more than 500.
  expect((await estimate({ posts_limit: 100, comments_limit: 10_000 }, [large])).rows.comments).toMatchObject({
    max: 50_000,
  });
});

test('looking up stored posts again costs one request for each hundred', async () => {
  expect(
    (await estimate({ posts_limit: 100, comments_limit: 0, refresh_days: 7 }, [stats()], 250)).requests,
  ).toMatchObject({ total: { min: 1, max: 4 }, checks: { min: 0, max: 3, source: 'measured' } });
});
