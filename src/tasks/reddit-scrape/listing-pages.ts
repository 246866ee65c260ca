import { isWatermarkReached } from './scrape-knowledge';
import type { LaneState } from './scrape-state';
import type { ScrapeParameters } from './scrape-parameters';
import type { ListingPage, RedditPost } from '../../platform/reddit/reddit-client';

/** The most that Reddit lists, or looks up, in one request. */
export const POSTS_A_REQUEST = 100;
/** Reddit lists about a thousand posts; a listing that has shown twice as many goes in circles. */
const MOST_SHOWN = 2_000;
/** How many posts before the cursor are remembered, to go on from when the cursor's post is gone. */
const ANCHORS = 4;

const LED_BACK = 'Reddit led back to a page that had been read';
const CURSOR_GONE = 'the posts from which it would have gone on have been deleted';

type Listing = LaneState['listing'];
export interface RequestedPage {
  answer: ListingPage;
  /** The posts that no other page of the run has listed. */
  posts: RedditPost[];
  limit: number;
}

/** Moves on: to the next page, to the same once more, to the one after an earlier post, or to the end. */
export function turnPage(parameters: ScrapeParameters, before: Listing, lane: LaneState, page: RequestedPage): void {
  const { answer } = page;
  const anchor = before.anchors.at(-1);
  if (answer.malformed > 0 && !before.again) lane.listing = repeatPage(before, page);
  else if (isEmpty(answer) && before.after !== null && anchor !== undefined)
    lane.listing = {
      ...before,
      page: before.page + 1,
      after: `t3_${anchor}`,
      anchors: before.anchors.slice(0, -1),
      isSteppedBack: true,
      again: null,
    };
  else lane.listing = advance(parameters, lane, page);
}

/** The same page is requested once more, because some of its items could not be read. */
const repeatPage = (listing: Listing, { answer, posts, limit }: RequestedPage): Listing => ({
  ...listing,
  page: listing.page + 1,
  listed: listing.listed + posts.length,
  again: { limit, read: answer.posts.length },
});

/**
 * Moves on to the next page, or ends the listing: at the watermark, the limit, or the last page. Updates the counts.
 */
function advance(parameters: ScrapeParameters, lane: LaneState, page: RequestedPage): Listing {
  const { listing, outcome, watermark } = lane;
  const next = pageAfter(listing, page);
  const isReached = isWatermarkReached(watermark ?? null, page.answer.posts);
  const end = endOf(parameters, listing, next, page);
  outcome.malformed += unreadableItems(listing, page);
  if (watermark && (isReached || end)) outcome.watermark_reached = isReached || isAll(end, page);
  if (isReached && !end) outcome.requests_saved.watermark += pagesLeft(parameters, next);
  if (!isReached) noteEnd(lane, end);
  return { ...next, isEnded: isReached || end !== undefined };
}

const pagesLeft = ({ posts_limit: postsLimit }: ScrapeParameters, { listed }: Listing) =>
  Math.ceil((postsLimit - listed) / POSTS_A_REQUEST);

const pageAfter = (listing: Listing, { answer, posts }: RequestedPage): Listing => ({
  after: answer.after,
  page: listing.page + 1,
  listed: listing.listed + posts.length,
  isEnded: false,
  again: null,
  trail: listing.after === null ? listing.trail : [...listing.trail, listing.after],
  shown: listing.shown + answer.posts.length + answer.malformed,
  anchors: anchorsAfter(listing, answer),
  isSteppedBack: false,
  unreadable: 0,
});

function noteEnd({ outcome }: LaneState, { early, isCircle }: End = {}): void {
  if (isCircle) outcome.circles += 1;
  outcome.ended_early = early ?? null;
}

/** Whether the listing was read to its last post. */
const isAll = (end: End | undefined, { answer }: RequestedPage) => answer.after === null && !end?.early;

/** `early`: not because Reddit has no more posts, or enough were listed. */
interface End {
  early?: string;
  isCircle?: boolean;
}

/** Undefined where the listing has a next page. */
function endOf(
  parameters: ScrapeParameters,
  listing: Listing,
  next: Listing,
  { answer, posts }: RequestedPage,
): End | undefined {
  if (next.listed >= parameters.posts_limit) return {};
  if (isEmpty(answer)) return listing.after === null ? {} : { early: CURSOR_GONE };
  // After a step back, a page without new posts shows that the last one was the end.
  if (next.after === null || (listing.isSteppedBack && posts.length === 0)) return {};
  const isCircle = next.trail.includes(next.after) || next.shown >= mostShown(parameters);
  return isCircle ? { early: LED_BACK, isCircle } : undefined;
}

/** No more posts than these can be new to the listing, or have been listed by other subreddits of the run. */
const mostShown = ({ posts_limit: postsLimit, subreddits }: ScrapeParameters) =>
  Math.min(MOST_SHOWN, postsLimit * subreddits.length + POSTS_A_REQUEST);

const isEmpty = ({ posts, malformed }: ListingPage) => posts.length + malformed === 0;

const anchorsAfter = ({ anchors }: Listing, { posts, after }: ListingPage) =>
  [...anchors, ...posts.map(({ id }) => id)].filter((id) => `t3_${id}` !== after).slice(-ANCHORS);

/** Items that the second request for the page could not read either. */
const unreadableItems = ({ again }: Listing, { answer, posts }: RequestedPage) =>
  again ? Math.max(0, answer.posts.length + answer.malformed - again.read - posts.length) : 0;
