import { z } from 'zod';

const counts = z.object({ new: z.number(), updated: z.number(), unchanged: z.number() });
export type Counts = z.infer<typeof counts>;

const outcome = z.object({
  subreddit: z.string(),
  status: z.enum(['waiting', 'running', 'succeeded', 'failed']),
  posts: counts,
  comments: counts.extend({ deleted_marked: z.number() }),
  /** Posts whose comments were read. */
  threads_read: z.number(),
  /** Posts whose comments needed no request, because their number has not changed since the last reading. */
  threads_unchanged: z.number(),
  /** Posts whose comments Reddit did not return. */
  threads_failed: z.number(),
  requests: z.number(),
  requests_saved: z.object({
    /** Requests that the unchanged threads cost at their last reading. */
    unchanged_threads: z.number(),
    /** Pages of the listing after the watermark, at most. */
    watermark: z.number(),
  }),
  /** Whether the listing ended at the watermark; null without a watermark. */
  watermark_reached: z.boolean().nullable(),
  /** Comments that Reddit announced and that were not seen: the limits left them folded, or no answer brought them. */
  unexpanded: z.number(),
  /** Items that could not be read. */
  malformed: z.number(),
  /** Stubs and pages of the listing that led back to what had been seen. */
  circles: z.number().default(0),
  /** Why the listing ended before `posts_limit` though Reddit may have more; null otherwise. */
  ended_early: z.string().nullable().default(null),
  error: z.string().optional(),
});
export type SubredditOutcome = z.infer<typeof outcome>;

const moreStub = z.object({
  parentId: z.string(),
  children: z.array(z.string()),
  count: z.number(),
  depth: z.number(),
  /** Set when its children are asked for a second time, because an answer had left them out. */
  isRepeated: z.boolean().optional(),
});
export type Stub = z.infer<typeof moreStub>;

/** How far the comments of a post were read: stored ones and folded ones. */
const thread = z.object({
  numComments: z.number(),
  stored: z.number(),
  spent: z.number(),
  more: z.array(moreStub),
  /** Children that an answer left out; they are looked for on the page of their parent. */
  missing: z.array(moreStub).default([]),
  /** Ids of comments that were asked for, and of those whose page was (with a slash). */
  asked: z.array(z.string()).default([]),
  /** The number of announced comments that were looked for in vain. */
  lost: z.number().default(0),
  /** The number of things in its answers that could not be read or stored. */
  malformed: z.number().default(0),
});
export type Thread = z.infer<typeof thread>;

/** The state of the scrape of one subreddit. Each step changes it only after its rows are stored. */
export const laneState = z.object({
  outcome,
  listing: z.object({
    after: z.string().nullable(),
    /** Counts the requests. */
    page: z.number(),
    listed: z.number(),
    isEnded: z.boolean(),
    /**
     * Set if the last page had unreadable items and is requested again: its limit, and how many items could be read.
     */
    again: z.object({ limit: z.number(), read: z.number() }).nullable(),
    /** The cursors of the pages that were read. */
    trail: z.array(z.string()).default([]),
    /** Items on these pages, repeated ones included. */
    shown: z.number().default(0),
    /** Ids of posts before the cursor, the nearest last: the listing goes on after one if the cursor's post is gone. */
    anchors: z.array(z.string()).default([]),
    isSteppedBack: z.boolean().default(false),
    /** How many answers to the next request were unreadable, one after the other. */
    unreadable: z.number().default(0),
  }),
  /**
   * Posts whose comments are still to be read. A post that was put back after an unreadable answer brings its thread,
   * which continues at the request that failed.
   */
  pending: z.array(
    z.object({
      id: z.string(),
      numComments: z.number(),
      unreadable: z.number().optional(),
      thread: thread.nullable().optional(),
    }),
  ),
  /** The thread of the first pending post. Null before its first request. */
  thread: thread.nullable(),
  /** The post at which the listing may end. Undefined until it was looked up. */
  watermark: z.object({ postId: z.string(), postsLimit: z.number(), createdAt: z.string() }).nullable().optional(),
  /** The newest post of the listing: the next watermark. */
  newest: z.object({ id: z.string(), createdAt: z.string() }).nullable(),
  refresh: z.object({ afterId: z.string(), isEnded: z.boolean() }),
  /** The waits since the last successful step. */
  waited: z
    .object({
      attempt: z.number(),
      waits: z.number(),
      outage: z.object({ since: z.string(), met: z.number() }).nullable(),
    })
    .nullable()
    .default(null),
  /** Why the comments of the last post that was passed over could not be had. */
  threadError: z.string().nullable().default(null),
  /** The message of the failure with which this subreddit ended the run. */
  brokenBy: z.string().nullable().default(null),
});
export type LaneState = z.infer<typeof laneState>;

export const freshLane = (subreddit: string): LaneState => ({
  outcome: {
    subreddit,
    status: 'waiting',
    posts: { new: 0, updated: 0, unchanged: 0 },
    comments: { new: 0, updated: 0, unchanged: 0, deleted_marked: 0 },
    threads_read: 0,
    threads_unchanged: 0,
    threads_failed: 0,
    requests: 0,
    requests_saved: { unchanged_threads: 0, watermark: 0 },
    watermark_reached: null,
    unexpanded: 0,
    malformed: 0,
    circles: 0,
    ended_early: null,
  },
  listing: {
    after: null,
    page: 0,
    listed: 0,
    isEnded: false,
    again: null,
    trail: [],
    shown: 0,
    anchors: [],
    isSteppedBack: false,
    unreadable: 0,
  },
  pending: [],
  thread: null,
  newest: null,
  refresh: { afterId: '', isEnded: false },
  waited: null,
  threadError: null,
  brokenBy: null,
});

export const isLaneDone = (lane: LaneState) => lane.outcome.status === 'succeeded' || lane.outcome.status === 'failed';

export function addCounts(total: Counts, more: { created: number; updated: number; unchanged: number }): void {
  total.new += more.created;
  total.updated += more.updated;
  total.unchanged += more.unchanged;
}

type ThreadCounts = Pick<SubredditOutcome, 'threads_read' | 'threads_unchanged' | 'threads_failed'>;

/** How many threads failed, where these are most of all; otherwise undefined. */
export const mostlyFailed = (counts: ThreadCounts): string | undefined => {
  const others = counts.threads_read + counts.threads_unchanged;
  if (counts.threads_failed <= others) return undefined;
  return `the comments of ${counts.threads_failed} of ${counts.threads_failed + others} posts could not be read`;
};

type ItemCounts = Pick<SubredditOutcome, 'posts' | 'malformed'> & { comments: Counts };
const sumOf = (counts: Counts) => counts.new + counts.updated + counts.unchanged;

/** How many items could not be read, where these are most of all; otherwise undefined. */
export const mostlyUnreadable = ({ posts, comments, malformed }: ItemCounts): string | undefined => {
  const items = sumOf(posts) + sumOf(comments) + malformed;
  return 2 * malformed > items ? `${malformed} of ${items} posts and comments could not be read` : undefined;
};

/** The sums over all subreddits. */
export function totals(outcomes: SubredditOutcome[]) {
  const sum = (read: (outcome: SubredditOutcome) => number) => outcomes.reduce((total, one) => total + read(one), 0);
  return {
    posts: {
      new: sum((one) => one.posts.new),
      updated: sum((one) => one.posts.updated),
      unchanged: sum((one) => one.posts.unchanged),
    },
    comments: {
      new: sum((one) => one.comments.new),
      updated: sum((one) => one.comments.updated),
      unchanged: sum((one) => one.comments.unchanged),
      deleted_marked: sum((one) => one.comments.deleted_marked),
    },
    threads_read: sum((one) => one.threads_read),
    threads_unchanged: sum((one) => one.threads_unchanged),
    threads_failed: sum((one) => one.threads_failed),
    requests: sum((one) => one.requests),
    requests_saved: {
      unchanged_threads: sum((one) => one.requests_saved.unchanged_threads),
      watermark: sum((one) => one.requests_saved.watermark),
    },
    unexpanded: sum((one) => one.unexpanded),
    malformed: sum((one) => one.malformed),
    circles: sum((one) => one.circles),
  };
}
