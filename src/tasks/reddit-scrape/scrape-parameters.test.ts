import { z } from 'zod';
import { storedParameters } from '../registry';
import { scrapeParameters } from './scrape-parameters';
import { setDefaultSubreddits } from './subreddit-names';

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

test.each([
  ['r/Python/', ['Python']],
  ['Python/', ['Python']],
  ['https://www.reddit.com/r/Python/', ['Python']],
  ['https://old.reddit.com/r/Python/top/?t=week#now', ['Python']],
  ['reddit.com/r/Python', ['Python']],
  ['HTTPS://WWW.Reddit.com/R/Python?utm_source=share', ['Python']],
  ['https://pt-br.reddit.com/r/Python', ['Python']],
  ['\u00a0r/Python\ufeff', ['Python']],
  [' /r/Python/comments/abc/title/ ', ['Python']],
  ['u_some-user', ['u_some-user']],
  ['u/some-user', ['u_some-user']],
  ['https://www.reddit.com/user/some-user/submitted', ['u_some-user']],
  ['reddit.com', ['reddit.com']],
  ['r/reddit.com', ['reddit.com']],
  ['funny+pics', ['funny', 'pics']],
  ['https://www.reddit.com/r/funny+pics+funny/new', ['funny', 'pics']],
])('%j is read as %j, and stored so', (pasted, names) => {
  expect(scrapeParameters.parse({ subreddits: [pasted] }).subreddits).toEqual(names);
  expect(storedParameters('REDDIT_SCRAPE', { subreddits: [pasted], posts_limit: 3 })).toEqual({
    subreddits: names,
    posts_limit: 3,
  });
  expect(storedParameters('REDDIT_DELETION_SYNC', { subreddits: [pasted] })).toEqual({ subreddits: names });
});

test('the list of subreddits of a user is not taken for the profile', () => {
  expect(messages({ subreddits: ['https://www.reddit.com/user/some-user/m/news'] })).toEqual([
    expect.stringContaining('is not the name of a subreddit'),
  ]);
});

test('joined names count one by one against the most', () => {
  const joined = Array.from({ length: 51 }, (_, index) => `sub${index}+bus${index}`);
  expect(messages({ subreddits: joined })).toEqual(['subreddits: at most 100 subreddits in one task']);
});

describe('scrapes that name no subreddit', () => {
  afterEach(() => void setDefaultSubreddits([]));

  test('are refused with what is missing, unless there are default ones', () => {
    expect(messages({})).toEqual([
      expect.stringMatching(/^subreddits: Name at least .* set REDDIT_DEFAULT_SUBREDDITS/),
    ]);
    setDefaultSubreddits(['funny', 'r/pics']);
    expect(scrapeParameters.parse({})).toMatchObject({ subreddits: ['funny', 'pics'] });
    expect(scrapeParameters.parse({ subreddits: ['books'] })).toMatchObject({ subreddits: ['books'] });
    expect(messages({ subreddits: [] })).toEqual(['subreddits: name at least one subreddit']);
  });

  test('are refused their default when one of its names is wrong', () => {
    expect(setDefaultSubreddits(['funny', 'no such name'])).toMatch(/^entry 2 is not the name of a subreddit/);
    expect(messages({})).toEqual([expect.stringContaining('Name at least one')]);
    expect(setDefaultSubreddits([' r/Books/ ', 'https://www.reddit.com/r/pics/new', 'BOOKS'])).toBeUndefined();
    expect(scrapeParameters.parse({})).toMatchObject({ subreddits: ['Books', 'pics'] });
  });

  test('are stored as they are given', () => {
    setDefaultSubreddits(['funny']);
    expect(storedParameters('REDDIT_SCRAPE', {})).toEqual({});
  });
});

test.each(['', 'a', 'r/', 'a b', '../api', 'funny+', 'funny+a', '_x1', 'x'.repeat(23), 'https://example.com/r/funny'])(
  '%j is not a name',
  (name) => {
    expect(messages({ subreddits: ['funny', name] })).toEqual([
      expect.stringMatching(/^subreddits\.1: is not the name of a subreddit/),
    ]);
  },
);

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
