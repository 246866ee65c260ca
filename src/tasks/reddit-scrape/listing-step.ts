import { listingOf, upsertOptions, type LaneContext } from './lane-context';
import { isThreadKnown, isWatermarkReached, isWatermarkUsable, newestOf } from './scrape-knowledge';
import { addCounts, type LaneState } from './scrape-state';
import { DAY_MS } from '../../shared/durations';
import type { ListingPage, RedditPost } from '../../platform/reddit/reddit-client';

const A_HUNDRED = 100;

/** Stores posts and decides whose comments have to be read. */
async function takePosts(context: LaneContext, lane: LaneState, posts: RedditPost[]): Promise<void> {
  const { parameters, services } = context;
  const { outcome } = lane;
  addCounts(outcome.posts, await services.content.upsertPosts(posts, upsertOptions(context)));
  const discussed = parameters.comments_limit > 0 ? posts.filter((post) => post.numComments > 0) : [];
  const known = new Map(
    (discussed.length > 0 ? await services.scrapes.findThreads(discussed.map((post) => post.id)) : []).map((thread) => [
      thread.postId,
      thread,
    ]),
  );
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

/** Asks for the next page, or for the last one once more. Answers it with those of its posts that no other page has listed. */
async function askPage(
  { parameters, services, executionId, position, reddit, signal }: LaneContext,
  { outcome, listing }: LaneState,
): Promise<{ found: ListingPage; posts: RedditPost[]; limit: number }> {
  const wanted = parameters.posts_limit - listing.listed;
  const limit = listing.again?.limit ?? Math.min(A_HUNDRED, wanted);
  const found = await reddit.listPosts(
    {
      subreddit: outcome.subreddit,
      sort: parameters.sort,
      timeFilter: parameters.time_filter,
      limit,
      after: listing.after,
    },
    signal,
  );
  const unique = [...new Map(found.posts.map((post) => [post.id, post])).values()];
  // A listing shifts while it is paged, and r/all and the like show again what another subreddit has shown.
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
  return { found, posts: unique.filter((post) => ours.has(post.id)).slice(0, wanted), limit };
}

/** One page of the listing: a request. */
export async function readPage(context: LaneContext, lane: LaneState): Promise<void> {
  if (lane.watermark === undefined) await lookUpWatermark(context, lane);
  const { listing, watermark = null } = lane;
  const { found, posts, limit } = await askPage(context, lane);
  const next = structuredClone(lane);
  await takePosts(context, next, posts);

  const listed = listing.listed + posts.length;
  const items = found.posts.length + found.malformed;
  const newest = newestOf(found.posts);
  if (newest && (!next.newest || newest.createdAt.toISOString() > next.newest.createdAt))
    next.newest = { id: newest.id, createdAt: newest.createdAt.toISOString() };
  if (found.malformed > 0 && !listing.again) {
    next.listing = { ...listing, page: listing.page + 1, listed, again: { limit, read: found.posts.length } };
  } else {
    const isReached = isWatermarkReached(watermark, found.posts);
    const isStuck = found.after === listing.after || items === 0;
    const hasMore = found.after !== null && !isStuck && listed < context.parameters.posts_limit;
    next.outcome.malformed += listing.again ? Math.max(0, items - listing.again.read - posts.length) : 0;
    if (watermark && (isReached || !hasMore)) next.outcome.watermark_reached = isReached || found.after === null;
    if (isReached && hasMore)
      next.outcome.requests_saved.watermark += Math.ceil((context.parameters.posts_limit - listed) / A_HUNDRED);
    next.listing = { after: found.after, page: listing.page + 1, listed, isEnded: isReached || !hasMore, again: null };
  }
  Object.assign(lane, next);
}

/** A hundred stored posts that the listing did not show, looked up again: a request. */
export async function refreshPosts(context: LaneContext, lane: LaneState): Promise<void> {
  const { parameters, services, executionId, reddit, startedAt } = context;
  const writtenSince = new Date(startedAt.getTime() - parameters.refresh_days * DAY_MS);
  const ids = await services.scrapes.listUnlisted({
    executionId,
    subreddit: lane.outcome.subreddit,
    isSandbox: reddit.isSandbox,
    writtenSince,
    afterId: lane.refresh.afterId,
    limit: A_HUNDRED,
  });
  const next = structuredClone(lane);
  if (ids.length > 0) {
    const { posts } = await reddit.getInfo(
      ids.map((id) => `t3_${id}`),
      context.signal,
    );
    await takePosts(context, next, posts);
  }
  next.refresh = { afterId: ids.at(-1) ?? lane.refresh.afterId, isEnded: ids.length < A_HUNDRED };
  Object.assign(lane, next);
}
