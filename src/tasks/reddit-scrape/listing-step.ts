import {
  isNeverReadable,
  isRefusal,
  listingOf,
  redditErrorKind,
  TURNS_OF_AN_UNREADABLE,
  upsertOptions,
  type LaneContext,
} from './lane-context';
import { POSTS_A_REQUEST, turnPage, type RequestedPage } from './listing-pages';
import { isThreadKnown, isWatermarkUsable, newestOf } from './scrape-knowledge';
import { addCounts, type LaneState } from './scrape-state';
import { DAY_MS } from '../../shared/durations';
import type { RedditPost } from '../../platform/reddit/reddit-client';

/** Stores posts, and queues those whose comments have to be read. */
async function takePosts(context: LaneContext, lane: LaneState, posts: RedditPost[]): Promise<void> {
  const { parameters, services } = context;
  const { outcome } = lane;
  const counts = await services.content.upsertPosts(posts, upsertOptions(context));
  addCounts(outcome.posts, counts);
  const refused = new Set(counts.refused);
  outcome.malformed += refused.size;
  const isDiscussed = (post: RedditPost) => post.numComments > 0 && !refused.has(post.id);
  const discussed = parameters.comments_limit > 0 ? posts.filter(isDiscussed) : [];
  const ids = discussed.map((post) => post.id);
  const threads = ids.length > 0 ? await services.scrapes.findThreads(ids) : [];
  const known = new Map(threads.map((thread) => [thread.postId, thread]));
  for (const post of discussed) {
    const thread = known.get(post.id);
    if (thread && isThreadKnown(thread, post, parameters)) {
      outcome.threads_unchanged += 1;
      outcome.requests_saved.unchanged_threads += thread.requests;
    } else lane.pending.push({ id: post.id, numComments: post.numComments });
  }
}

async function lookUpWatermark(context: LaneContext, lane: LaneState): Promise<void> {
  const found = context.parameters.incremental
    ? await context.services.scrapes.findWatermark(listingOf(context, lane))
    : undefined;
  lane.watermark =
    found && isWatermarkUsable(found, context.parameters)
      ? { postId: found.postId, postsLimit: found.postsLimit, createdAt: found.createdAt.toISOString() }
      : null;
}

/** Requests the next page, or the last one again. */
async function requestPage(
  { parameters, services, executionId, position, reddit, signal }: LaneContext,
  { outcome, listing }: LaneState,
): Promise<RequestedPage> {
  const wanted = parameters.posts_limit - listing.listed;
  const limit = listing.again?.limit ?? Math.min(POSTS_A_REQUEST, wanted);
  const answer = await reddit.listPosts(
    {
      subreddit: outcome.subreddit,
      sort: parameters.sort,
      timeFilter: parameters.time_filter,
      limit,
      after: listing.after,
    },
    signal,
  );
  const unique = [...new Map(answer.posts.map((post) => [post.id, post])).values()];
  // A listing shifts while it is paged, and r/all repeats posts that the listing of another subreddit has shown.
  const ours = new Set(
    unique.length > 0
      ? await services.scrapes.claimPosts({
          executionId,
          position,
          page: listing.page,
          postIds: unique.map((post) => post.id),
        })
      : [],
  );
  return { answer, posts: unique.filter((post) => ours.has(post.id)).slice(0, wanted), limit };
}

/** Leaves an unreadable page to the next step, a few times. Throws every other error. */
function countUnreadable({ log }: LaneContext, { listing, outcome }: LaneState, error: unknown): undefined {
  if (redditErrorKind(error) !== 'malformed' || listing.unreadable + 1 >= TURNS_OF_AN_UNREADABLE) throw error;
  listing.unreadable += 1;
  log.warn({ subreddit: outcome.subreddit, error: (error as Error).message }, 'a page is requested once more');
}

/** Requests one page of the listing. */
export async function readPage(context: LaneContext, lane: LaneState): Promise<void> {
  if (lane.watermark === undefined) await lookUpWatermark(context, lane);
  const page = await requestPage(context, lane).catch((error: unknown) => countUnreadable(context, lane, error));
  if (!page) return;
  const next = structuredClone(lane);
  next.listing.unreadable = 0;
  await takePosts(context, next, page.posts);
  noteNewest(context, next, page.answer.posts);
  turnPage(context.parameters, lane.listing, next, page);
  Object.assign(lane, next);
}

function noteNewest({ startedAt }: LaneContext, lane: LaneState, posts: RedditPost[]): void {
  const newest = newestOf(posts, new Date(startedAt.getTime() + DAY_MS));
  if (!newest) return;
  const createdAt = newest.createdAt.toISOString();
  if (!lane.newest || createdAt > lane.newest.createdAt) lane.newest = { id: newest.id, createdAt };
}

/** What the listing brought stays, so posts that Reddit refuses to look up only count as unreadable. */
async function lookUp(context: LaneContext, ids: string[]): Promise<{ posts: RedditPost[]; malformed: number }> {
  const { reddit, signal, log } = context;
  const names = ids.map((id) => `t3_${id}`);
  try {
    return await reddit.getInfo(names, signal);
  } catch (error) {
    if (!isRefusal(error) && !isNeverReadable(context, error)) throw error;
    log.warn({ posts: ids.length, error: (error as Error).message }, 'stored posts could not be looked up again');
    return { posts: [], malformed: ids.length };
  }
}

/** Looks up stored posts again that the listing did not show: up to a hundred in one request. */
export async function refreshPosts(context: LaneContext, lane: LaneState): Promise<void> {
  const { parameters, services, executionId, reddit, startedAt } = context;
  const writtenSince = new Date(startedAt.getTime() - parameters.refresh_days * DAY_MS);
  const ids = await services.scrapes.listUnlisted({
    executionId,
    subreddit: lane.outcome.subreddit,
    isSandbox: reddit.isSandbox,
    writtenSince,
    afterId: lane.refresh.afterId,
    limit: POSTS_A_REQUEST,
  });
  const next = structuredClone(lane);
  if (ids.length > 0) {
    const { posts, malformed } = await lookUp(context, ids);
    await takePosts(context, next, posts);
    next.outcome.malformed += malformed;
  }
  next.refresh = { afterId: ids.at(-1) ?? lane.refresh.afterId, isEnded: ids.length < POSTS_A_REQUEST };
  Object.assign(lane, next);
}
