import type { KnownThread, Watermark } from '../ports/scrape-memory';
import type { ScrapeParameters } from './scrape-parameters';

type Reading = Pick<KnownThread, 'commentsLimit' | 'commentsDepth' | 'expandMore'>;

export const readingOf = (parameters: ScrapeParameters): Reading => ({
  commentsLimit: parameters.comments_limit,
  commentsDepth: parameters.comments_depth,
  expandMore: parameters.expand_more,
});

const reachesDepth = (then: Reading, now: Reading) =>
  then.commentsDepth === null || (now.commentsDepth !== null && now.commentsDepth <= then.commentsDepth);
const reachesLimits = (then: Reading, now: Reading) =>
  now.commentsLimit <= then.commentsLimit && now.expandMore <= then.expandMore;

/** Whether reading a thread again could bring nothing: as many comments as then, and read then as far as would be read now. */
export function isThreadKnown(
  known: KnownThread | undefined,
  post: { numComments: number },
  parameters: ScrapeParameters,
): boolean {
  if (!known || parameters.reread_unchanged || known.numComments !== post.numComments) return false;
  const now = readingOf(parameters);
  return reachesDepth(known, now) && (known.isComplete || reachesLimits(known, now));
}

/** Only `new` is ordered by time: elsewhere a post that is known says nothing of those behind it. */
export const hasWatermark = (parameters: ScrapeParameters) => parameters.sort === 'new';

/** Whether a listing may end at this watermark: the scrape that set it went as deep as this one wants to. */
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

/**
 * Whether everything behind this page is known. Its last post tells, for all behind it are older still: an old one that
 * is pinned to the top tells nothing, and what was slipped in further up is on the page anyway.
 */
export function isWatermarkReached(watermark: { postId: string; createdAt: string } | null, page: Listed[]): boolean {
  const last = page.filter((post) => !post.isPinned).at(-1);
  return (
    watermark !== null &&
    last !== undefined &&
    (last.id === watermark.postId || last.createdAt.getTime() < Date.parse(watermark.createdAt))
  );
}

/** The newest of those that stand where their time puts them. */
export function newestOf(posts: Listed[]): Listed | undefined {
  return posts
    .filter((post) => !post.isPinned)
    .reduce<Listed | undefined>(
      (newest, post) => (!newest || post.createdAt > newest.createdAt ? post : newest),
      undefined,
    );
}
