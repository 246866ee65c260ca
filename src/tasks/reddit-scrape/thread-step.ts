import { nextExpansion, openComments, type Expansion } from './comment-expansion';
import { answerTo, askedBy, joinMissing, leftOutOf, newStubsOf, type Found } from './expansion-answer';
import { isRefusal, redditErrorKind, TURNS_OF_AN_UNREADABLE, upsertOptions, type LaneContext } from './lane-context';
import { readingOf } from './scrape-knowledge';
import { addCounts, type LaneState, type Thread } from './scrape-state';
import type { CommentTree, RedditComment, RedditPost } from '../../platform/reddit/reddit-client';
import type { UpsertCounts } from '../ports/content-store';

const COMMENTS_A_TREE = 500;

type PendingPost = LaneState['pending'][number];

/**
 * The store skips comments of a post that was deleted since it was listed; then the post is stored again from the tree.
 */
async function keep(context: LaneContext, comments: RedditComment[], post: RedditPost | null): Promise<UpsertCounts> {
  const { content } = context.services;
  const options = upsertOptions(context);
  const counts = await content.upsertComments(comments, options);
  const kept = counts.created + counts.updated + counts.unchanged + (counts.refused?.length ?? 0);
  if (kept === comments.length || !post) return counts;
  await content.upsertPosts([post], options);
  return content.upsertComments(comments, options);
}

/** Returns how many comments it stored, and how many things it could not read or store. */
async function store(
  context: LaneContext,
  lane: LaneState,
  found: Found,
  room: number,
): Promise<{ stored: number; malformed: number }> {
  const { known, parameters } = context;
  const mostLevels = parameters.comments_depth ?? Infinity;
  const fresh = found.comments.filter((comment) => comment.depth < mostLevels && !known.has(comment.id)).slice(0, room);
  const counts = await keep(context, fresh, found.post ?? null);
  addCounts(lane.outcome.comments, counts);
  const malformed = found.malformed + (counts.refused?.length ?? 0);
  lane.outcome.malformed += malformed;
  for (const comment of fresh) known.add(comment.id);
  lane.outcome.comments.deleted_marked += fresh.filter((comment) => comment.isDeleted).length;
  return { stored: fresh.length, malformed };
}

function requestTree(
  { parameters, reddit, signal }: LaneContext,
  postId: string,
  room: number,
  comment?: { id: string; depth: number },
): Promise<CommentTree> {
  const levels = (parameters.comments_depth ?? Infinity) - (comment?.depth ?? 0);
  return reddit.getComments(
    {
      postId,
      comment,
      limit: Math.min(COMMENTS_A_TREE, room),
      depth: Number.isFinite(levels) ? levels : undefined,
      sort: parameters.comments_sort,
    },
    signal,
  );
}

/** The first request of a thread. */
async function open(context: LaneContext, lane: LaneState, post: PendingPost): Promise<Thread> {
  const limit = context.parameters.comments_limit;
  context.known.clear();
  const tree = await requestTree(context, post.id, limit);
  const fresh: Thread = {
    // The tree is newer than the listing, so it includes the comments written in between.
    numComments: tree.post?.numComments ?? post.numComments,
    ...(await store(context, lane, tree, limit)),
    spent: 0,
    more: [],
    missing: [],
    asked: [],
    lost: 0,
  };
  return withStubs(context, lane, fresh, tree);
}

/** Adds the stubs of an answer, as far as they lead on. */
function withStubs({ parameters, known }: LaneContext, lane: LaneState, thread: Thread, found: Found): Thread {
  const wanted = found.more.filter((stub) => stub.depth < (parameters.comments_depth ?? Infinity));
  const { more, circles, lost } = newStubsOf(wanted, thread, known);
  lane.outcome.circles += circles;
  return { ...thread, more: [...thread.more, ...more], lost: thread.lost + lost };
}

/** A further request, which unfolds more of a thread. */
async function unfold(context: LaneContext, lane: LaneState, post: PendingPost, thread: Thread): Promise<Thread> {
  const next = nextExpansion(thread);
  const answer = await requestMore(context, post, thread, next);
  // The page of a comment repeats it.
  if (next.kind === 'thread') context.known.add(next.comment.id);
  const found = answerTo(next, answer);
  const { again, missing, lost } = leftOutOf(next, found);
  const { stored, malformed } = await store(context, lane, found, context.parameters.comments_limit - thread.stored);
  const unfolded: Thread = {
    ...thread,
    more: [...next.rest.more, ...again],
    missing: joinMissing([...next.rest.missing, ...missing]),
    asked: [...thread.asked, ...askedBy(next)],
    stored: thread.stored + stored,
    malformed: thread.malformed + malformed,
    spent: thread.spent + 1,
    lost: thread.lost + lost,
  };
  return withStubs(context, lane, unfolded, found);
}

/** The answer is empty when Reddit refuses this part of the thread, or never sends a readable one. */
async function requestMore(
  context: LaneContext,
  post: PendingPost,
  { stored }: Thread,
  next: Expansion,
): Promise<Found> {
  const { reddit, signal, parameters, log } = context;
  try {
    // The page of a parent repeats what is known, and a page that continues a thread repeats one comment.
    const room = next.kind === 'search' ? COMMENTS_A_TREE : parameters.comments_limit - stored + 1;
    if (next.kind !== 'children') return await requestTree(context, post.id, room, next.comment);
    const { children, depthOf } = next;
    return await reddit.getMoreChildren({ postId: post.id, children, depthOf, sort: parameters.comments_sort }, signal);
  } catch (error) {
    const isUnreadable = redditErrorKind(error) === 'malformed' && isLastTurn(post);
    if (!isRefusal(error) && !isUnreadable) throw error;
    log.warn({ post: post.id, error: (error as Error).message }, 'a part of a thread could not be had');
    return { comments: [], more: [], malformed: 0 };
  }
}

const isLastTurn = ({ unreadable = 0 }: PendingPost) => unreadable + 1 >= TURNS_OF_AN_UNREADABLE;

/** Records how far the thread was read. */
async function close(context: LaneContext, lane: LaneState, postId: string, thread: Thread): Promise<void> {
  const unseen = openComments(thread);
  await context.services.scrapes.saveThread({
    postId,
    numComments: thread.numComments,
    ...readingOf(context.parameters),
    isComplete: unseen + thread.malformed === 0 && thread.stored < context.parameters.comments_limit,
    requests: 1 + thread.spent,
  });
  lane.outcome.unexpanded += unseen;
  lane.outcome.threads_read += 1;
}

/** Skips a post whose comments Reddit refuses. One whose answer cannot be read goes to the end of the queue first. */
function skipPost(context: LaneContext, lane: LaneState, error: Error): void {
  const [post] = lane.pending.splice(0, 1);
  if (post && redditErrorKind(error) === 'malformed' && !isLastTurn(post))
    lane.pending.push({ ...post, unreadable: (post.unreadable ?? 0) + 1, thread: lane.thread });
  else {
    lane.outcome.threads_failed += 1;
    lane.threadError = error.message;
    if (lane.thread) lane.outcome.unexpanded += openComments(lane.thread);
    context.log.warn(
      { subreddit: lane.outcome.subreddit, post: post?.id, error: error.message },
      'the comments of a post could not be had',
    );
  }
  lane.thread = null;
}

/** Whether nothing of the thread is left to unfold, or one of the limits is reached. */
const isRead = ({ more, missing, spent, stored }: Thread, { parameters }: LaneContext) =>
  more.length + missing.length === 0 || spent >= parameters.expand_more || stored >= parameters.comments_limit;

async function readMore(context: LaneContext, lane: LaneState, post: PendingPost): Promise<void> {
  const { thread } = lane;
  const read = thread ? await unfold(context, lane, post, thread) : await open(context, lane, post);
  lane.thread = read;
  if (!isRead(read, context)) return;
  await close(context, lane, post.id, read);
  lane.thread = null;
  lane.pending.shift();
}

/** Makes one request for the comments of the first pending post. */
export async function readThread(context: LaneContext, lane: LaneState): Promise<void> {
  const [post] = lane.pending;
  if (!post) return;
  const next = structuredClone(lane);
  next.thread ??= post.thread ?? null;
  const before = structuredClone(next);
  try {
    await readMore(context, next, post);
    Object.assign(lane, next);
  } catch (error) {
    if (!isRefusal(error) && redditErrorKind(error) !== 'malformed') throw error;
    skipPost(context, before, error as Error);
    Object.assign(lane, before);
  }
}
