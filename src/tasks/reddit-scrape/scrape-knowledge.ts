import type { KnownThread, ReadingLimits, Watermark } from '../ports/scrape-memory';
import type { ScrapeParameters } from './scrape-parameters';

export const readingOf = (parameters: ScrapeParameters): ReadingLimits => ({
  commentsLimit: parameters.comments_limit,
  commentsDepth: parameters.comments_depth,
  expandMore: parameters.expand_more,
  commentsSort: parameters.comments_sort,
});

const reachesDepth = (then: ReadingLimits, now: ReadingLimits) =>
  then.commentsDepth === null || (now.commentsDepth !== null && now.commentsDepth <= then.commentsDepth);
/** Another sort has other comments within the same limits. */
const reachesLimits = (then: ReadingLimits, now: ReadingLimits) =>
  now.commentsLimit <= then.commentsLimit &&
  now.expandMore <= then.expandMore &&
  (now.commentsLimit === 0 || (then.commentsSort ?? 'confidence') === now.commentsSort);

/** Whether a thread need not be read: it has as many comments as at the last reading, and was read as far as now. */
export function isThreadKnown(
  known: KnownThread | undefined,
  post: { numComments: number },
  parameters: ScrapeParameters,
): boolean {
  if (!known || parameters.reread_unchanged || known.numComments !== post.numComments) return false;
  const now = readingOf(parameters);
  return reachesDepth(known, now) && (known.isComplete || reachesLimits(known, now));
}

/** Only `new` is ordered by time: in other sorts a known post does not mean that the following ones are known. */
export const hasWatermark = (parameters: ScrapeParameters) => parameters.sort === 'new';

/** Whether a listing may end at this watermark: the scrape that set it went as deep as this one. */
export function isWatermarkUsable(watermark: Watermark, parameters: ScrapeParameters): boolean {
  const now = readingOf(parameters);
  return (
    parameters.incremental &&
    hasWatermark(parameters) &&
    parameters.posts_limit <= watermark.postsLimit &&
    reachesDepth(watermark, now) &&
    reachesLimits(watermark, now)
  );
}

interface Listed {
  id: string;
  createdAt: Date;
  isPinned: boolean;
}

/** A date before Reddit's first post is wrong, and tells nothing of the order. */
const REDDIT_BEGAN_AT = Date.UTC(2005, 5);

/**
 * Whether all posts after this page are known. The page's last post decides, because the following ones are older.
 * Posts pinned to the top are not in order, so they are ignored.
 */
export function isWatermarkReached(watermark: { postId: string; createdAt: string } | null, page: Listed[]): boolean {
  const last = page.filter((post) => !post.isPinned && post.createdAt.getTime() >= REDDIT_BEGAN_AT).at(-1);
  return (
    watermark !== null &&
    last !== undefined &&
    (last.id === watermark.postId || last.createdAt.getTime() < Date.parse(watermark.createdAt))
  );
}

/**
 * The newest post, apart from pinned ones, which are not in order, and from those with a date after `latest`: as a
 * watermark, such a date would end all later listings at their first page.
 */
export function newestOf(posts: Listed[], latest: Date): Listed | undefined {
  return posts
    .filter((post) => !post.isPinned && post.createdAt <= latest)
    .reduce<Listed | undefined>(
      (newest, post) => (!newest || post.createdAt > newest.createdAt ? post : newest),
      undefined,
    );
}
