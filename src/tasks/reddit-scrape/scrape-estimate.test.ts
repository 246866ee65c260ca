import { estimateScrape } from './scrape-estimate';
import { scrapeParameters } from './scrape-parameters';
import type { ContentStats } from '../task-estimate';

const stats = (more: Partial<ContentStats> = {}): ContentStats => ({ subreddit: 'funny', posts: 400, commentsPerPost: 40, shareWithComments: 0.5, expansionsPerThread: 0, unchangedThreads: 0, ...more });
const estimate = (parameters: object, known: ContentStats[] = []) => estimateScrape(scrapeParameters.parse({ subreddits: ['Funny'], ...parameters }), { requestsPerMinute: 100, contentStats: async () => known });

test('of a subreddit of which nothing is stored it says that it assumes', async () => {
  expect(await estimate({ posts_limit: 200 })).toEqual({
    requests: { total: { min: 161, max: 162 }, listing_pages: { min: 1, max: 2 }, threads: { min: 160, max: 160 }, expansions: { min: 0, max: 0 } },
    minutes: { min: 1.6, max: 1.6 },
    rows: { posts: { min: 1, max: 200 }, comments: { min: 4_000, max: 4_000 } },
    basis: { requests_per_minute: 100, subreddits: [{ name: 'Funny', source: 'defaults', posts: 0, comments_per_post: 20, share_with_comments: 0.8 }] },
  });
});

test('what is stored tells more: threads with comments, those known, and a watermark', async () => {
  expect((await estimate({ posts_limit: 200 }, [stats()])).requests).toMatchObject({ total: { min: 102, max: 102 }, listing_pages: { min: 2, max: 2 }, threads: { min: 100, max: 100 } });
  expect((await estimate({ posts_limit: 200 }, [stats({ unchangedThreads: 70 })])).requests).toMatchObject({ total: { min: 32, max: 102 } });
  expect((await estimate({ posts_limit: 200, reread_unchanged: true }, [stats({ unchangedThreads: 70 })])).requests).toMatchObject({ total: { min: 102, max: 102 } });
  expect((await estimate({ posts_limit: 200, sort: 'new', incremental: true }, [stats({ unchangedThreads: 400 })])).requests).toMatchObject({ total: { min: 1, max: 102 } });
});

test('limits bound it: no comments, no further requests beyond the allowance', async () => {
  expect(await estimate({ posts_limit: 100, comments_limit: 0 }, [stats()])).toMatchObject({ requests: { total: { min: 1, max: 1 } }, rows: { comments: { min: 0, max: 0 } } });
  const large = stats({ commentsPerPost: 900, shareWithComments: 1, expansionsPerThread: 6 });
  expect((await estimate({ posts_limit: 100, comments_limit: 10_000, expand_more: 3 }, [large])).requests.expansions).toEqual({ min: 300, max: 300 });
  expect((await estimate({ posts_limit: 100, comments_limit: 10_000, expand_more: 30 }, [large])).requests.expansions).toEqual({ min: 600, max: 600 });
});
