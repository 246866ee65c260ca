import { isLaneDone, type LaneState } from './scrape-state';
import type { ScrapeParameters } from './scrape-parameters';

/** How far a subreddit is, in a form small enough for heartbeats and histories. */
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
  /** From 0 to 1, as far as is known: the pages to come may hold fewer posts than asked for. */
  share: number;
}

const sumOf = (counts: { new: number; updated: number; unchanged: number }) => counts.new + counts.updated + counts.unchanged;

export function progressOf(position: number, lane: LaneState, parameters: ScrapeParameters): LaneProgress {
  const { outcome, pending, listing } = lane;
  const threadsDone = outcome.threads_read + outcome.threads_unchanged + outcome.threads_failed;
  const postsDone = Math.max(0, listing.listed - pending.length);
  const postsWanted = listing.isEnded ? listing.listed : parameters.posts_limit;
  const share = isLaneDone(lane) ? 1 : postsWanted === 0 ? 0 : Math.min(0.99, postsDone / postsWanted);
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
    share: Math.round(share * 1_000) / 1_000,
  };
}
