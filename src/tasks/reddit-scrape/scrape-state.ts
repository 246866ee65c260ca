import { z } from 'zod';

const counts = z.object({ new: z.number(), updated: z.number(), unchanged: z.number() });
export type Counts = z.infer<typeof counts>;

const outcome = z.object({
  subreddit: z.string(),
  status: z.enum(['running', 'succeeded', 'failed']),
  posts: counts,
  comments: counts.extend({ deleted_marked: z.number() }),
  /** Posts whose comments Reddit did not give. */
  threads_failed: z.number(),
  requests: z.number(),
  /** Comments that Reddit told of and the limits left behind. */
  unexpanded: z.number(),
  /** Items that could not be read. */
  malformed: z.number(),
  error: z.string().optional(),
});
export type SubredditOutcome = z.infer<typeof outcome>;

const moreStub = z.object({ parentId: z.string(), children: z.array(z.string()), count: z.number(), depth: z.number() });

/** Where a run stands. It is the cursor too: each step changes it only when its rows are stored. */
const scrapeState = z.object({
  /** In the order of the parameters; only the last one can be running. */
  outcomes: z.array(outcome),
  /** Of the running subreddit: the next page to ask for. */
  listing: z.object({ after: z.string().nullable(), listed: z.number(), isEnded: z.boolean() }),
  /** Posts of the last page whose comments are still to come. */
  pending: z.array(z.string()),
  /** Of the first pending post: what has come and what is still folded. Null before its first request. */
  thread: z.object({ stored: z.number(), spent: z.number(), more: z.array(moreStub) }).nullable(),
  /** Every post of the running subreddit: a listing shifts while it is paged, and shows some posts twice. */
  seen: z.array(z.string()),
});
export type ScrapeState = z.infer<typeof scrapeState>;
export type Thread = NonNullable<ScrapeState['thread']>;

export const freshListing = (): ScrapeState['listing'] => ({ after: null, listed: 0, isEnded: false });

/** What the last attempt reached, or the beginning: also when a cursor is of another make. */
export function readState(cursor: unknown): ScrapeState {
  const parsed = scrapeState.safeParse(cursor);
  return parsed.success ? parsed.data : { outcomes: [], listing: freshListing(), pending: [], thread: null, seen: [] };
}

export const freshOutcome = (subreddit: string): SubredditOutcome => ({
  subreddit,
  status: 'running',
  posts: { new: 0, updated: 0, unchanged: 0 },
  comments: { new: 0, updated: 0, unchanged: 0, deleted_marked: 0 },
  threads_failed: 0,
  requests: 0,
  unexpanded: 0,
  malformed: 0,
});

export function addCounts(total: Counts, more: { created: number; updated: number; unchanged: number }): void {
  total.new += more.created;
  total.updated += more.updated;
  total.unchanged += more.unchanged;
}

/** All subreddits together. */
export function totals(outcomes: SubredditOutcome[]) {
  const sum = (read: (outcome: SubredditOutcome) => number) => outcomes.reduce((total, one) => total + read(one), 0);
  return {
    posts: { new: sum((one) => one.posts.new), updated: sum((one) => one.posts.updated), unchanged: sum((one) => one.posts.unchanged) },
    comments: {
      new: sum((one) => one.comments.new),
      updated: sum((one) => one.comments.updated),
      unchanged: sum((one) => one.comments.unchanged),
      deleted_marked: sum((one) => one.comments.deleted_marked),
    },
    threads_failed: sum((one) => one.threads_failed),
    requests: sum((one) => one.requests),
    unexpanded: sum((one) => one.unexpanded),
    malformed: sum((one) => one.malformed),
  };
}
