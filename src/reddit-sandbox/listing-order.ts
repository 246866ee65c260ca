import type { RedditSort, RedditTimeFilter } from '../platform/reddit/reddit-client';
import type { PostSummary } from './reddit-content';

const HOUR = 3_600;
const REACH_SECONDS: Record<RedditTimeFilter, number> = {
  hour: HOUR,
  day: 24 * HOUR,
  week: 168 * HOUR,
  month: 730 * HOUR,
  year: 8_766 * HOUR,
  all: Infinity,
};

function rank(sort: RedditSort, now: number): (post: PostSummary) => number {
  switch (sort) {
    case 'new':
      return (post) => post.createdAt;
    case 'top':
      return (post) => post.score;
    case 'hot': // Reddit's own: ten times the votes weigh as much as 12.5 hours.
      return (post) => Math.log10(Math.max(1, post.score)) + post.createdAt / 45_000;
    case 'rising':
      return (post) => post.score / ((now - post.createdAt) / HOUR + 2) ** 1.5;
    case 'controversial':
      return (post) => (post.numComments + 1) * (1 - Math.abs(2 * post.upvoteRatio - 1));
  }
}

/** Ids, best first. Only `top` and `controversial` use the time filter, as on Reddit. */
export function orderPosts(
  posts: PostSummary[],
  sort: RedditSort,
  timeFilter: RedditTimeFilter,
  now: number,
): string[] {
  const reach = sort === 'top' || sort === 'controversial' ? REACH_SECONDS[timeFilter] : Infinity;
  const rankOf = rank(sort, now);
  return posts
    .filter((post) => now - post.createdAt <= reach)
    .map((post) => ({ id: post.id, rank: rankOf(post) }))
    .sort((a, b) => b.rank - a.rank || (a.id < b.id ? 1 : -1))
    .map(({ id }) => id);
}
