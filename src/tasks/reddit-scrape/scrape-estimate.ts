import type { ContentStats, Estimate, EstimateBasis, EstimateRange, SubredditBasis } from '../task-estimate';
import type { ScrapeParameters } from './scrape-parameters';

const A_HUNDRED = 100;
const COMMENTS_A_TREE = 500;
/** Of a subreddit of which nothing is stored: a middling one, told as an assumption. */
const ASSUMED = { commentsPerPost: 20, shareWithComments: 0.8 };

const range = (min: number, max: number): EstimateRange => ({ min: Math.ceil(Math.min(min, max)), max: Math.ceil(max) });
const add = (ranges: EstimateRange[]): EstimateRange => ranges.reduce((total, one) => ({ min: total.min + one.min, max: total.max + one.max }), { min: 0, max: 0 });

/** One subreddit. At best its threads are known and a listing ends at its watermark; at worst nothing is known and every post is there. */
function estimateOne(parameters: ScrapeParameters, stats: ContentStats | undefined) {
  const { posts_limit: posts, comments_limit: limit, expand_more: allowance } = parameters;
  const { commentsPerPost, shareWithComments } = stats ?? ASSUMED;
  const pages = Math.ceil(posts / A_HUNDRED);
  const endsEarly = stats !== undefined && parameters.incremental && parameters.sort === 'new';
  const threads = limit === 0 ? 0 : posts * shareWithComments;
  const known = stats && !parameters.reread_unchanged ? Math.min(stats.unchangedThreads, threads) : 0;
  const perThread = shareWithComments === 0 ? 0 : commentsPerPost / shareWithComments;
  // What the first request leaves folded, a hundred a call. Of stored subreddits it is averaged thread by thread.
  const folded = Math.max(0, Math.min(limit, perThread) - COMMENTS_A_TREE) / A_HUNDRED;
  const expansions = Math.min(allowance, stats ? stats.expansionsPerThread : folded);
  const comments = Math.min(limit, perThread);
  return {
    listing_pages: range(endsEarly ? 1 : stats ? Math.min(pages, Math.max(1, Math.ceil(stats.posts / A_HUNDRED))) : 1, pages),
    threads: range(threads - known, threads),
    expansions: range(expansions * (threads - known), expansions * threads),
    posts: range(stats ? Math.min(posts, stats.posts) : 1, posts),
    comments: range(comments * (threads - known), comments * threads),
  };
}

/** What a scrape will cost, from what is stored of its subreddits. */
export async function estimateScrape(parameters: ScrapeParameters, basis: EstimateBasis): Promise<Estimate> {
  const known = new Map((await basis.contentStats(parameters.subreddits)).map((stats) => [stats.subreddit, stats]));
  const statsOf = (name: string) => known.get(name.toLowerCase());
  const each = parameters.subreddits.map((name) => estimateOne(parameters, statsOf(name)));
  const [listingPages, threads, expansions] = [add(each.map((one) => one.listing_pages)), add(each.map((one) => one.threads)), add(each.map((one) => one.expansions))];
  const total = add([listingPages, threads, expansions]);
  const minutes = (requests: number) => Math.round((requests / basis.requestsPerMinute) * 10) / 10;
  return {
    requests: { total, listing_pages: listingPages, threads, expansions },
    minutes: { min: minutes(total.min), max: minutes(total.max) },
    rows: { posts: add(each.map((one) => one.posts)), comments: add(each.map((one) => one.comments)) },
    basis: {
      requests_per_minute: basis.requestsPerMinute,
      subreddits: parameters.subreddits.map((name): SubredditBasis => {
        const stats = statsOf(name);
        const { commentsPerPost, shareWithComments } = stats ?? ASSUMED;
        return { name, source: stats ? 'stored' : 'defaults', posts: stats?.posts ?? 0, comments_per_post: Math.round(commentsPerPost * 10) / 10, share_with_comments: Math.round(shareWithComments * 100) / 100 };
      }),
    },
  };
}
