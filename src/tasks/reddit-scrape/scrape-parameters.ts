import { z } from 'zod';
import { plainNames, subreddit, withDefaultSubreddits } from './subreddit-names';
import type { CommentSort, RedditSort, RedditTimeFilter } from '../../platform/reddit/reddit-client';

const SORTS = ['hot', 'new', 'top', 'rising', 'controversial'] as const satisfies readonly RedditSort[];
const TIME_FILTERS = ['hour', 'day', 'week', 'month', 'year', 'all'] as const satisfies readonly RedditTimeFilter[];

const COMMENT_SORTS = [
  'confidence',
  'top',
  'new',
  'old',
  'controversial',
  'qa',
] as const satisfies readonly CommentSort[];

const MOST_SUBREDDITS = 100;
const NAMES_MISSING = 'Name at least one subreddit, or set REDDIT_DEFAULT_SUBREDDITS for scrapes that name none';

const fields = z.strictObject({
  subreddits: z
    .array(subreddit, { error: ({ input }) => (input === undefined ? NAMES_MISSING : undefined) })
    .min(1, 'name at least one subreddit')
    .max(MOST_SUBREDDITS, 'at most 100 subreddits in one task')
    .overwrite(plainNames)
    .refine((names) => names.length <= MOST_SUBREDDITS, 'at most 100 subreddits in one task')
    .describe(
      'Names, with or without "r/", or addresses; "a+b" are two, and "u/name" is a profile. The same name twice ' +
        'counts once',
    ),
  sort: z.enum(SORTS).default('hot'),
  time_filter: z.enum(TIME_FILTERS).default('day').describe('Heeded for top and controversial only'),
  posts_limit: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe('Posts of each subreddit; Reddit lists no more than about 1000'),
  comments_limit: z
    .int()
    .min(0)
    .max(10_000)
    .default(100)
    .describe('Comments of each post; 0 for none. Up to 500 cost one request, more need expand_more'),
  comments_depth: z
    .int()
    .min(1)
    .max(1000)
    .nullable()
    .default(null)
    .describe(
      'Levels of comments: 1 for direct answers to the post alone; null for all. ' +
        'Reddit gives ten levels at once, deeper ones need expand_more',
    ),
  comments_sort: z
    .enum(COMMENT_SORTS)
    .default('confidence')
    .describe(
      'The order in which Reddit gives comments, and so which ones are within the limits. Without a fixed order a ' +
        'thread in contest mode would have another one in every answer',
    ),
  expand_more: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe(
      'How many further requests each post may cost to unfold "load more comments" (up to 100 comments a request) ' +
        'and "continue this thread"',
    ),
  incremental: z
    .boolean()
    .default(false)
    .describe(
      'End a listing at known posts. Only `new` is ordered by time: there no page is asked for beyond the newest ' +
        'post of the last complete scrape of that subreddit, if that one reached as deep in posts, comments and ' +
        'levels as this one wants to. Posts approved late, below that post, are then missed. In hot, top, rising and ' +
        'controversial a known post says nothing of what follows it: these listings are always read to posts_limit',
    ),
  reread_unchanged: z
    .boolean()
    .default(false)
    .describe(
      'Read also the comments of posts whose number of comments is what it was when they were last read as far as ' +
        'now: for edited comments and their scores. Otherwise these threads cost no request',
    ),
  refresh_days: z
    .int()
    .min(0)
    .max(365)
    .default(0)
    .describe(
      'Stored posts of the subreddit written in the last so many days that the listing did not show are looked up ' +
        'as well, a hundred a request: edits, scores and deletions are followed, and comments where their number ' +
        'changed',
    ),
});
/** The subreddits may be left out where REDDIT_DEFAULT_SUBREDDITS is set. */
export const scrapeParameters = z.preprocess(withDefaultSubreddits, fields);
export type ScrapeParameters = z.infer<typeof scrapeParameters>;
