import {
  exactly,
  minutesOf,
  sumOf,
  type ContentStats,
  type Estimate,
  type EstimateBasis,
  type EstimateFigure,
  type SubredditBasis,
} from '../task-estimate';
import { DAY_MS } from '../../shared/durations';
import type { ScrapeParameters } from './scrape-parameters';

/** Posts of a listing, looked-up posts, or unfolded comments: Reddit returns a hundred in one request. */
const ITEMS_A_REQUEST = 100;
const COMMENTS_A_TREE = 500;
/** For a subreddit without stored posts: typical values, which the estimate lists as assumptions. */
const ASSUMED = { commentsPerPost: 20, shareWithComments: 0.8, expansionsPerThread: 1 };

const measured = (min: number, max: number): EstimateFigure => ({ min: Math.min(min, max), max, source: 'measured' });
const assumed = (min: number, amount: number, max: number): EstimateFigure => ({
  min,
  max,
  source: 'assumed',
  assumed: Math.min(amount, max),
});

interface SubredditFigures {
  pages: EstimateFigure;
  threads: EstimateFigure;
  expansions: EstimateFigure;
  posts: EstimateFigure;
  comments: EstimateFigure;
}

/** For a subreddit without stored posts: the bounds follow from the parameters. */
function estimateUnknown({
  posts_limit: posts,
  comments_limit: limit,
  expand_more: allowance,
}: ScrapeParameters): SubredditFigures {
  const { commentsPerPost, shareWithComments, expansionsPerThread } = ASSUMED;
  const pages = Math.ceil(posts / ITEMS_A_REQUEST);
  const threads = posts * shareWithComments;
  const mostAThread = Math.min(limit, COMMENTS_A_TREE + allowance * ITEMS_A_REQUEST);
  return {
    pages: pages === 1 ? exactly(1) : assumed(1, pages, pages),
    threads: limit === 0 ? exactly(0) : assumed(0, threads, posts),
    expansions:
      limit === 0 || allowance === 0 ? exactly(0) : assumed(0, threads * expansionsPerThread, posts * allowance),
    posts: assumed(0, posts, posts),
    comments:
      limit === 0
        ? exactly(0)
        : assumed(0, threads * Math.min(mostAThread, commentsPerPost / shareWithComments), posts * mostAThread),
  };
}

/** Minimum: known threads are unchanged and the listing ends at its watermark. Maximum: every thread has to be read. */
function estimateKnown(parameters: ScrapeParameters, stats: ContentStats): SubredditFigures {
  const { posts_limit: posts, comments_limit: limit, expand_more: allowance } = parameters;
  const pages = Math.ceil(posts / ITEMS_A_REQUEST);
  const endsEarly = parameters.incremental && parameters.sort === 'new';
  const threads = posts * stats.shareWithComments;
  const toRead = parameters.reread_unchanged ? threads : Math.max(0, threads - stats.unchangedThreads);
  const comments = Math.min(
    limit,
    COMMENTS_A_TREE + allowance * ITEMS_A_REQUEST,
    stats.shareWithComments === 0 ? 0 : stats.commentsPerPost / stats.shareWithComments,
  );
  const figures = {
    pages: measured(endsEarly ? 1 : Math.max(1, Math.ceil(stats.posts / ITEMS_A_REQUEST)), pages),
    posts: measured(Math.min(posts, stats.posts), posts),
  };
  if (limit === 0) return { ...figures, threads: exactly(0), expansions: exactly(0), comments: exactly(0) };
  return {
    ...figures,
    threads: measured(toRead, threads),
    expansions: expansionsOf(allowance, stats, toRead, threads),
    comments: measured(comments * toRead, comments * threads),
  };
}

/** If no thread was read, the cost is assumed: the number of comments is known, but not their depth. */
function expansionsOf(
  allowance: number,
  { threadsRead, expansionsPerThread }: ContentStats,
  toRead: number,
  threads: number,
): EstimateFigure {
  if (allowance === 0) return exactly(0);
  if (threadsRead > 0)
    return measured(
      Math.min(allowance, expansionsPerThread) * toRead,
      Math.min(allowance, expansionsPerThread) * threads,
    );
  return assumed(0, threads * Math.max(ASSUMED.expansionsPerThread, expansionsPerThread), threads * allowance);
}

function assumptionsOf(parameters: ScrapeParameters, unknown: string[], unread: string[]): string[] {
  const { commentsPerPost, shareWithComments, expansionsPerThread } = ASSUMED;
  const isExpanding = parameters.comments_limit > 0 && parameters.expand_more > 0;
  const list = (names: string[]) => names.map((name) => `r/${name}`).join(', ');
  const unfolding = `${expansionsPerThread} further request a thread to unfold comments`;
  const assumptions: string[] = [];
  if (unknown.length > 0)
    assumptions.push(
      `Nothing is stored of ${list(unknown)}. Assumed of each: as many posts as posts_limit, ` +
        `${shareWithComments * 100} of 100 with comments, ${commentsPerPost} comments a post on average` +
        `${isExpanding ? `, ${unfolding}` : ''}.`,
    );
  if (unread.length > 0 && isExpanding)
    assumptions.push(`No comments of ${list(unread)} have been read so far. Assumed of each: ${unfolding}.`);
  return assumptions;
}

/** The look-ups for refresh_days: at most all stored posts of that time, if the listing shows none of them. */
async function refreshOf(
  { subreddits, refresh_days: days }: ScrapeParameters,
  basis: EstimateBasis,
): Promise<EstimateFigure | undefined> {
  if (days === 0) return undefined;
  const now = Date.now();
  const { posts } = await basis.countStored(
    { subreddits, since: new Date(now - days * DAY_MS), until: new Date(now) },
    ITEMS_A_REQUEST * 1_000 * subreddits.length,
  );
  return measured(0, posts === 0 ? 0 : Math.ceil(posts / ITEMS_A_REQUEST) + subreddits.length - 1);
}

/** Estimates the cost of a scrape from the stored content of its subreddits. */
export async function estimateScrape(parameters: ScrapeParameters, basis: EstimateBasis): Promise<Estimate> {
  const known = new Map((await basis.contentStats(parameters.subreddits)).map((stats) => [stats.subreddit, stats]));
  const statsOf = (name: string) => known.get(name.toLowerCase());
  const each = parameters.subreddits.map((name) => {
    const stats = statsOf(name);
    return stats ? estimateKnown(parameters, stats) : estimateUnknown(parameters);
  });
  const all = (figure: keyof SubredditFigures) => sumOf(each.map((one) => one[figure]));
  const requests = { listing_pages: all('pages'), threads: all('threads'), expansions: all('expansions') };
  const checks = await refreshOf(parameters, basis);
  const total = sumOf([...Object.values(requests), ...(checks ? [checks] : [])]);
  return {
    requests: { total, ...requests, ...(checks ? { checks } : {}) },
    minutes: minutesOf(total, basis.requestsPerMinute),
    rows: { posts: all('posts'), comments: all('comments') },
    basis: {
      requests_per_minute: basis.requestsPerMinute,
      assumptions: assumptionsOf(
        parameters,
        parameters.subreddits.filter((name) => !statsOf(name)),
        parameters.subreddits.filter((name) => statsOf(name)?.threadsRead === 0),
      ),
      subreddits: parameters.subreddits.map((name): SubredditBasis => {
        const stats = statsOf(name);
        const { commentsPerPost, shareWithComments } = stats ?? ASSUMED;
        return {
          name,
          source: stats ? 'stored' : 'defaults',
          posts: stats?.posts ?? 0,
          comments_per_post: Math.round(commentsPerPost * 10) / 10,
          share_with_comments: Math.round(shareWithComments * 100) / 100,
        };
      }),
    },
  };
}
