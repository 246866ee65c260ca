import { exactly, minutesOf, type Estimate, type EstimateBasis, type EstimateFigure } from '../task-estimate';
import { IDS_A_REQUEST } from './sync-batch';
import { scopeOf, type SyncParameters } from './sync-parameters';

/** Estimates the cost of a sync that starts now, from the number of stored posts and comments. */
export async function estimateSync(parameters: SyncParameters, basis: EstimateBasis): Promise<Estimate> {
  const { limit, subreddits } = parameters;
  const stored = await basis.countStored(scopeOf(parameters, new Date()), limit);
  const checked = Math.min(limit, stored.posts + stored.comments);
  const requests = Math.ceil(checked / IDS_A_REQUEST);
  // An answer with unreadable items, or an empty one, is requested once more.
  const checks: EstimateFigure = { min: requests, max: 2 * requests, source: 'measured' };
  // A limited sync checks the longest unchecked content first, whether posts or comments.
  const rows = (own: number, others: number): EstimateFigure =>
    stored.posts + stored.comments <= limit
      ? exactly(own)
      : { min: Math.max(0, checked - others), max: own, source: 'measured' };
  const without = subreddits.length > 0 ? await basis.withoutContent(subreddits) : [];
  return {
    requests: { total: checks, checks },
    minutes: minutesOf(checks, basis.requestsPerMinute),
    rows: { posts: rows(stored.posts, stored.comments), comments: rows(stored.comments, stored.posts) },
    basis: {
      requests_per_minute: basis.requestsPerMinute,
      assumptions: [
        'That every subreddit can still be seen: ' +
          'one more request is made for each subreddit that an answer does not contain.',
        ...(without.length > 0
          ? [`Nothing is stored of ${without.map((name) => `r/${name}`).join(', ')}: nothing there will be checked.`]
          : []),
      ],
      subreddits: [],
    },
  };
}
