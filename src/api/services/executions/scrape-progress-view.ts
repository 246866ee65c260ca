import { z } from 'zod';
import { scrapeParameters } from '../../../tasks/reddit-scrape/scrape-parameters';
import { progressOf, type LaneProgress } from '../../../tasks/reddit-scrape/scrape-progress';
import { freshLane, laneState } from '../../../tasks/reddit-scrape/scrape-state';
import type { StoredLane } from '../../../storage/reddit/scrape-lane-repository';

export type ScrapePart = Omit<LaneProgress, 'state'> & { state: LaneProgress['state'] | StoppedState };
/** Of a run that has ended: `cancelled` was at work then, `skipped` had not begun. */
type StoppedState = 'cancelled' | 'skipped';

const part = z.object({
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

/** A heartbeat of a slice, or undefined for one of another make. */
export const readBeat = (details: unknown): ScrapePart | undefined => part.safeParse(details).data;

/** As the rows of a run have it. */
export function partsOfLanes(lanes: Pick<StoredLane, 'position' | 'state'>[], parameters: unknown): ScrapePart[] {
  const known = scrapeParameters.safeParse(parameters).data;
  if (!known) return [];
  const states = new Map(lanes.map(({ position, state }) => [position, laneState.safeParse(state).data]));
  return known.subreddits.map((name, position) => progressOf(position, states.get(position) ?? freshLane(name), known));
}

/**
 * As the rows of a run have it that ended before it was done: nothing is at work any more. In a failed run those failed
 * that ended it; where none of them did, say with its workers, whatever was at work.
 */
export function partsOfEnded(
  lanes: Pick<StoredLane, 'position' | 'state'>[],
  parameters: unknown,
  status: string,
): ScrapePart[] {
  const broken = new Set(
    lanes.flatMap(({ position, state }) => (laneState.safeParse(state).data?.brokenBy ? [position] : [])),
  );
  const isFault = (position: number) => status === 'failed' && (broken.has(position) || broken.size === 0);
  return partsOfLanes(lanes, parameters).map((one) => {
    if (one.state === 'running') return { ...one, state: isFault(one.position) ? 'failed' : 'cancelled' };
    return one.state === 'waiting' ? { ...one, state: 'skipped' } : one;
  });
}

/** What a result tells of each subreddit; results of older versions know less. */
const counts = z
  .object({ new: z.int(), updated: z.int(), unchanged: z.int() })
  .transform((each) => each.new + each.updated + each.unchanged);
const number = z.int().default(0);
const outcome = z.object({
  subreddit: z.string(),
  status: z.enum(['succeeded', 'failed']),
  posts: counts,
  comments: counts,
  threads_read: number,
  threads_unchanged: number,
  threads_failed: number,
  requests: number,
  requests_saved: z
    .object({ unchanged_threads: number, watermark: number })
    .default({ unchanged_threads: 0, watermark: 0 }),
});
const result = z.object({ return_value: z.object({ subreddits: z.array(outcome) }) });

export function partsOfResult(stored: unknown): ScrapePart[] | undefined {
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

/** The newer of what is known of each subreddit: requests only ever grow. */
export function overlay(base: ScrapePart[], newer: ScrapePart[]): ScrapePart[] {
  const byPosition = new Map(newer.map((one) => [one.position, one]));
  return base.map((one) => {
    const other = byPosition.get(one.position);
    return other && other.requests > one.requests ? other : one;
  });
}

/** Every subreddit counts the same; what failed counts as far as it came. */
export function percentOf(parts: ScrapePart[]): number | null {
  return parts.length === 0
    ? null
    : Math.floor((parts.reduce((total, one) => total + one.share, 0) / parts.length) * 100);
}
