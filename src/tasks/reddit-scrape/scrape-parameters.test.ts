import { z } from 'zod';
import { scrapeParameters } from './scrape-parameters';

const messages = (parameters: object) =>
  scrapeParameters.safeParse(parameters).error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ??
  [];

test('only the names are required', () => {
  expect(scrapeParameters.parse({ subreddits: ['funny'] })).toEqual({
    subreddits: ['funny'],
    sort: 'hot',
    time_filter: 'day',
    posts_limit: 50,
    comments_limit: 100,
    comments_depth: null,
    comments_sort: 'confidence',
    expand_more: 0,
    incremental: false,
    reread_unchanged: false,
    refresh_days: 0,
  });
});

test('names are accepted in several spellings, and each subreddit counts once', () => {
  expect(scrapeParameters.parse({ subreddits: ['r/Funny', ' /r/AskReddit ', 'FUNNY', 'u_spez'] }).subreddits).toEqual([
    'Funny',
    'AskReddit',
    'u_spez',
  ]);
});

test.each(['', 'a', 'r/', 'a b', '../api', 'funny+pics', '_x1', 'x'.repeat(23)])('%j is not a name', (name) => {
  expect(messages({ subreddits: ['funny', name] })).toEqual([
    expect.stringMatching(/^subreddits\.1: is not the name of a subreddit/),
  ]);
});

test('every error names its parameter', () => {
  expect(messages({ subreddits: [] })).toEqual(['subreddits: name at least one subreddit']);
  expect(messages({ subreddits: 'funny,pics' })).toHaveLength(1);
  expect(messages({ subreddits: Array.from({ length: 101 }, (_, index) => `sub${index}`) })).toEqual([
    'subreddits: at most 100 subreddits in one task',
  ]);
  expect(
    messages({
      subreddits: ['funny'],
      posts_limit: 1001,
      comments_limit: -1,
      comments_depth: 0,
      expand_more: 0.5,
      sort: 'best',
      time_filter: 'decade',
    }).map((line) => line.split(':')[0]),
  ).toEqual(['sort', 'time_filter', 'posts_limit', 'comments_limit', 'comments_depth', 'expand_more']);
  expect(messages({ subreddits: ['funny'], limit: 3 })).toEqual([expect.stringContaining('limit')]);
});

test('the parameters convert to a JSON schema', () => {
  expect(z.toJSONSchema(scrapeParameters, { io: 'input' })).toMatchObject({
    required: ['subreddits'],
    additionalProperties: false,
    properties: { posts_limit: { maximum: 1000, default: 50 } },
  });
});
