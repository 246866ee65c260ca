import { foldedComments, nextExpansion } from './comment-expansion';
import { isRefusal, redditErrorKind, upsertOptions, type LaneContext } from './lane-context';
import { readingOf } from './scrape-knowledge';
import { addCounts, type LaneState, type Thread } from './scrape-state';
import type { CommentTree, RedditComment, RedditPost } from '../../platform/reddit/reddit-client';
import type { UpsertCounts } from '../ports/content-store';

const COMMENTS_A_TREE = 500;
/** Turns of a post whose answer cannot be read. In each turn the client has repeated the request already. */
const TURNS_OF_AN_UNREADABLE = 3;
type Found = Omit<CommentTree, 'post'> & Partial<Pick<CommentTree, 'post'>>;

/**
 * The store skips comments of a post that was deleted since it was listed; then the post is stored again from the tree.
 */
async function keep(context: LaneContext, comments: RedditComment[], post: RedditPost | null): Promise<UpsertCounts> {
  const { content } = context.services;
  const options = upsertOptions(context);
  const counts = await content.upsertComments(comments, options);
  const kept = counts.created + counts.updated + counts.unchanged;
  if (kept === comments.length || !post) return counts;
  await content.upsertPosts([post], options);
  return content.upsertComments(comments, options);
}

/** Returns how many comments it stored. */
async function store(context: LaneContext, lane: LaneState, found: Found, room: number): Promise<number> {
  const { known, parameters } = context;
  const mostLevels = parameters.comments_depth ?? Infinity;
  const fresh = found.comments.filter((comment) => comment.depth < mostLevels && !known.has(comment.id)).slice(0, room);
  addCounts(lane.outcome.comments, await keep(context, fresh, found.post ?? null));
  for (const comment of fresh) known.add(comment.id);
  lane.outcome.comments.deleted_marked += fresh.filter((comment) => comment.isDeleted).length;
  lane.outcome.malformed += found.malformed;
  return fresh.length;
}

function requestTree(
  { parameters, reddit, signal }: LaneContext,
  postId: string,
  room: number,
  comment?: { id: string; depth: number },
): Promise<CommentTree> {
  const levels = (parameters.comments_depth ?? Infinity) - (comment?.depth ?? 0);
  return reddit.getComments(
    { postId, comment, limit: Math.min(COMMENTS_A_TREE, room), depth: Number.isFinite(levels) ? levels : undefined },
    signal,
  );
}

/** The first request of a thread, or a further one that unfolds more of it. */
async function request(
  context: LaneContext,
  lane: LaneState,
  post: { id: string; numComments: number },
): Promise<Thread> {
  const { parameters, known } = context;
  const limit = parameters.comments_limit;
  const wanted = (found: Found) => found.more.filter((stub) => stub.depth < (parameters.comments_depth ?? Infinity));
  if (!lane.thread) {
    known.clear();
    const tree = await requestTree(context, post.id, limit);
    // The tree is newer than the listing, so it includes the comments written in between.
    return {
      numComments: tree.post?.numComments ?? post.numComments,
      stored: await store(context, lane, tree, limit),
      spent: 0,
      more: wanted(tree),
    };
  }
  const { numComments, stored, spent, more } = lane.thread;
  const next = nextExpansion(more);
  // The answer repeats the comment from which the thread continues.
  if (next.kind === 'thread') known.add(next.comment.id);
  const found =
    next.kind === 'thread'
      ? await requestTree(context, post.id, limit - stored + 1, next.comment)
      : await context.reddit.getMoreChildren(
          { postId: post.id, children: next.children, depthOf: next.depthOf },
          context.signal,
        );
  return {
    numComments,
    stored: stored + (await store(context, lane, found, limit - stored)),
    spent: spent + 1,
    more: [...next.rest, ...wanted(found)],
  };
}

/** Records how far the thread was read. */
async function close(context: LaneContext, lane: LaneState, postId: string, thread: Thread): Promise<void> {
  const folded = foldedComments(thread.more);
  await context.services.scrapes.saveThread({
    postId,
    numComments: thread.numComments,
    ...readingOf(context.parameters),
    isComplete: folded === 0 && thread.stored < context.parameters.comments_limit,
    requests: 1 + thread.spent,
  });
  lane.outcome.unexpanded += folded;
  lane.outcome.threads_read += 1;
}

/** Skips a post whose comments Reddit refuses. One whose answer cannot be read goes to the end of the queue first. */
function skipPost(context: LaneContext, lane: LaneState, error: Error): void {
  const [post] = lane.pending.splice(0, 1);
  const unreadable = (post?.unreadable ?? 0) + 1;
  if (post && redditErrorKind(error) === 'malformed' && unreadable < TURNS_OF_AN_UNREADABLE)
    lane.pending.push({ ...post, unreadable, thread: lane.thread });
  else {
    lane.outcome.threads_failed += 1;
    lane.outcome.unexpanded += foldedComments(lane.thread?.more ?? []);
    context.log.warn(
      { subreddit: lane.outcome.subreddit, post: post?.id, error: error.message },
      'the comments of a post could not be had',
    );
  }
  lane.thread = null;
}

/** Makes one request for the comments of the first pending post. */
export async function readThread(context: LaneContext, lane: LaneState): Promise<void> {
  const [post] = lane.pending;
  if (!post) return;
  const next = structuredClone(lane);
  next.thread ??= post.thread ?? null;
  try {
    const thread = await request(context, next, post);
    const isDone =
      thread.more.length === 0 ||
      thread.spent >= context.parameters.expand_more ||
      thread.stored >= context.parameters.comments_limit;
    if (isDone) await close(context, next, post.id, thread);
    next.thread = isDone ? null : thread;
    if (isDone) next.pending.shift();
  } catch (error) {
    if (!isRefusal(error) && redditErrorKind(error) !== 'malformed') throw error;
    skipPost(context, next, error as Error);
  }
  Object.assign(lane, next);
}
