import type { LaneState } from './scrape-state';
import type { ScrapeParameters } from './scrape-parameters';

/** The progress of one subreddit, small enough for heartbeats and histories. */
export interface LaneProgress {
  position: number;
  name: string;
  state: LaneState['outcome']['status'];
  posts: number;
  comments: number;
  threads_done: number;
  threads_total: number;
  requests: number;
  requests_saved: number;
  /** From 0 to 1: the done part of the pages and threads that the subreddit needs, as far as they are known. */
  share: number;
}

const POSTS_A_PAGE = 100;
const sumOf = (counts: { new: number; updated: number; unchanged: number }) =>
  counts.new + counts.updated + counts.unchanged;

/**
 * Counted in pages and threads, because these need requests: a post without comments is done with its page. The
 * remaining pages are assumed to have as many threads for each post as those before; before the first page, one for
 * each post.
 */
function shareOf(
  lane: LaneState,
  { posts_limit: postsLimit, comments_limit: commentsLimit }: ScrapeParameters,
): number {
  const { outcome, pending, listing } = lane;
  if (outcome.status === 'succeeded') return 1;
  const pagesLeft = listing.isEnded ? 0 : Math.max(1, Math.ceil((postsLimit - listing.listed) / POSTS_A_PAGE));
  const threadsRead = outcome.threads_read + outcome.threads_failed;
  const threadsAPost = commentsLimit === 0 ? 0 : threadsPerPost(threadsRead + pending.length, listing.listed);
  const threadsToCome = listing.isEnded ? 0 : Math.max(0, postsLimit - listing.listed) * threadsAPost;
  const done = listing.page + threadsRead;
  const all = done + pagesLeft + pending.length + threadsToCome;
  return all === 0 ? 0 : Math.min(0.99, done / all);
}

const threadsPerPost = (threads: number, posts: number) => (posts === 0 ? 1 : threads / posts);

export function progressOf(position: number, lane: LaneState, parameters: ScrapeParameters): LaneProgress {
  const { outcome, pending } = lane;
  const threadsDone = outcome.threads_read + outcome.threads_unchanged + outcome.threads_failed;
  return {
    position,
    name: outcome.subreddit,
    state: outcome.status,
    posts: sumOf(outcome.posts),
    comments: sumOf(outcome.comments),
    threads_done: threadsDone,
    threads_total: threadsDone + pending.length,
    requests: outcome.requests,
    requests_saved: outcome.requests_saved.unchanged_threads + outcome.requests_saved.watermark,
    share: Math.round(shareOf(lane, parameters) * 1_000) / 1_000,
  };
}
