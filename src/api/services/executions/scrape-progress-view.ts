import { z } from 'zod';
import { scrapeParameters } from '../../../tasks/reddit-scrape/scrape-parameters';
import { progressOf, type LaneProgress } from '../../../tasks/reddit-scrape/scrape-progress';
import { freshLane, laneState } from '../../../tasks/reddit-scrape/scrape-state';
import type { StoredLane } from '../../../storage/reddit/scrape-lane-repository';

/** The progress of a scrape in one of its subreddits. */
export type SubredditProgress = Omit<LaneProgress, 'state'> & { state: LaneProgress['state'] | StoppedState };
/** When the run ended early, a `cancelled` subreddit was in progress and a `skipped` one had not begun. */
type StoppedState = 'cancelled' | 'skipped';

const laneProgress = z.object({
  position: z.int(),
  name: z.string(),
  state: z.enum(['waiting', 'running', 'succeeded', 'failed']),
  posts: z.int(),
  comments: z.int(),
  threads_done: z.int(),
  threads_total: z.int(),
  requests: z.int(),
  requests_saved: z.int(),
  share: z.number(),
}) satisfies z.ZodType<LaneProgress>;

/** The heartbeat of a scrape's slice; undefined for any other heartbeat. */
export const parseHeartbeat = (details: unknown): SubredditProgress | undefined => laneProgress.safeParse(details).data;

/** Progress by the stored lanes of a running scrape. */
export function progressFromLanes(
  lanes: Pick<StoredLane, 'position' | 'state'>[],
  parameters: unknown,
): SubredditProgress[] {
  const known = scrapeParameters.safeParse(parameters).data;
  if (!known) return [];
  const states = new Map(lanes.map(({ position, state }) => [position, laneState.safeParse(state).data]));
  return known.subreddits.map((name, position) => progressOf(position, states.get(position) ?? freshLane(name), known));
}

/**
 * Progress by the stored lanes of a scrape that ended early, in which nothing is in progress any more. Of a failed run,
 * the lanes in progress that broke it are `failed`; when no lane broke it (the workers died, say), all in progress are.
 */
export function progressFromStoppedLanes(
  lanes: Pick<StoredLane, 'position' | 'state'>[],
  parameters: unknown,
  status: string,
): SubredditProgress[] {
  const broken = new Set(
    lanes.flatMap(({ position, state }) => (laneState.safeParse(state).data?.brokenBy ? [position] : [])),
  );
  const hasFailed = (position: number) => status === 'failed' && (broken.has(position) || broken.size === 0);
  return progressFromLanes(lanes, parameters).map((one) => {
    if (one.state === 'running') return { ...one, state: hasFailed(one.position) ? 'failed' : 'cancelled' };
    return one.state === 'waiting' ? { ...one, state: 'skipped' } : one;
  });
}

/** The part of a scrape's result that tells of its subreddits. Results of older versions lack some fields. */
const postOrCommentCount = z
  .object({ new: z.int(), updated: z.int(), unchanged: z.int() })
  .transform((each) => each.new + each.updated + each.unchanged);
const countOrZero = z.int().default(0);
const outcome = z.object({
  subreddit: z.string(),
  status: z.enum(['succeeded', 'failed']),
  posts: postOrCommentCount,
  comments: postOrCommentCount,
  threads_read: countOrZero,
  threads_unchanged: countOrZero,
  threads_failed: countOrZero,
  requests: countOrZero,
  requests_saved: z
    .object({ unchanged_threads: countOrZero, watermark: countOrZero })
    .default({ unchanged_threads: 0, watermark: 0 }),
});
const result = z.object({ return_value: z.object({ subreddits: z.array(outcome) }) });

/** Progress by the result of a finished scrape; undefined for the result of another task type. */
export function progressFromResult(stored: unknown): SubredditProgress[] | undefined {
  return result.safeParse(stored).data?.return_value.subreddits.map((one, position) => {
    const threads = one.threads_read + one.threads_unchanged + one.threads_failed;
    return {
      position,
      name: one.subreddit,
      state: one.status,
      posts: one.posts,
      comments: one.comments,
      threads_done: threads,
      threads_total: threads,
      requests: one.requests,
      requests_saved: one.requests_saved.unchanged_threads + one.requests_saved.watermark,
      share: one.status === 'succeeded' ? 1 : 0,
    };
  });
}

/** Takes the newer progress of each subreddit, which is the one with more requests: their number only grows. */
export function mergeNewer(base: SubredditProgress[], newer: SubredditProgress[]): SubredditProgress[] {
  const byPosition = new Map(newer.map((one) => [one.position, one]));
  return base.map((one) => {
    const other = byPosition.get(one.position);
    return other && other.requests > one.requests ? other : one;
  });
}

/** Null without subreddits. All subreddits weigh the same; a failed one counts with the share it has done. */
export function percentDone(parts: SubredditProgress[]): number | null {
  return parts.length === 0
    ? null
    : Math.floor((parts.reduce((total, one) => total + one.share, 0) / parts.length) * 100);
}
