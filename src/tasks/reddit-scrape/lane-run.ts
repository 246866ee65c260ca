import { isNeverReadable, isRefusal, listingOf, type LaneContext } from './lane-context';
import { readPage, refreshPosts } from './listing-step';
import { hasWatermark, readingOf } from './scrape-knowledge';
import { isLaneDone, mostlyFailed, mostlyUnreadable, type LaneState } from './scrape-state';
import { readThread } from './thread-step';

/** The limits of one activity: long enough to keep the history short, short enough to free the worker's slot soon. */
export interface SliceLimits {
  requests: number;
  ms: number;
}

async function finish(context: LaneContext, lane: LaneState): Promise<void> {
  const { outcome, newest, watermark } = lane;
  const { parameters, log, reddit } = context;
  const threadsFailed = mostlyFailed(outcome);
  if (threadsFailed) return fail(context, lane, `${threadsFailed}; at last: ${lane.threadError ?? 'unknown'}`);
  const unreadable = mostlyUnreadable(outcome);
  if (unreadable) return fail(context, lane, unreadable);
  if (newest && hasWatermark(parameters) && outcome.ended_early === null) {
    // The depth to which the listing is known without a gap.
    const postsLimit = watermark && outcome.watermark_reached ? watermark.postsLimit : parameters.posts_limit;
    await context.services.scrapes.saveWatermark(listingOf(context, lane), {
      postId: newest.id,
      postsLimit,
      ...readingOf(parameters),
    });
  }
  outcome.status = 'succeeded';
  const { subreddit, posts, comments, requests } = outcome;
  log.info(
    { subreddit, posts, comments, requests, sandbox: reddit.isSandbox },
    reddit.isSandbox
      ? `r/${subreddit} scraped from the sandbox: its content is made up or recorded`
      : `r/${subreddit} scraped`,
  );
}

function fail({ log }: LaneContext, { outcome }: LaneState, error: string): void {
  outcome.status = 'failed';
  outcome.error = error;
  log.warn({ subreddit: outcome.subreddit, error }, `r/${outcome.subreddit} could not be scraped`);
}

/** The next step of a subreddit: at most one request. */
async function takeStep(context: LaneContext, lane: LaneState): Promise<void> {
  lane.outcome.status = 'running';
  if (lane.pending.length > 0) return readThread(context, lane);
  if (!lane.listing.isEnded) return readPage(context, lane);
  if (context.parameters.refresh_days > 0 && !lane.refresh.isEnded) return refreshPosts(context, lane);
  return finish(context, lane);
}

/** Whether a subreddit that is never readable fails alone, because the run has others. */
const isPassedOver = (context: LaneContext, error: unknown) =>
  context.parameters.subreddits.length > 1 && isNeverReadable(context, error);

/**
 * Continues a subreddit until it is done or the slice is used up. `save` is called after each step. Throws failures
 * that another try may mend; the lane then has the state of the last successful step. A subreddit that Reddit refuses,
 * or that is never readable, is done, with the status `failed`.
 */
export async function runSlice(
  context: LaneContext,
  lane: LaneState,
  limits: SliceLimits,
  save: () => Promise<void>,
): Promise<void> {
  const endsAt = Date.now() + limits.ms;
  const { reddit, signal } = context;
  for (let counted = 0; !isLaneDone(lane) && counted < limits.requests && Date.now() < endsAt;) {
    signal.throwIfAborted();
    try {
      await takeStep(context, lane);
      lane.waited = null;
      lane.brokenBy = null;
    } catch (error) {
      if (!isRefusal(error) && !isPassedOver(context, error)) throw signal.aborted ? signal.reason : error;
      fail(context, lane, (error as Error).message);
    } finally {
      const sent = reddit.requestsSent();
      lane.outcome.requests += sent - counted;
      counted = sent;
    }
    await save();
  }
}
