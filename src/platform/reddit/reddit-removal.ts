/** How Reddit shows content that is gone, or that the asker may not see. */

/** A form with "by" names who removed it: "[ Removed by Reddit ]", "[removed by moderator]", "[deleted by user]". */
const GONE_BY = /^\[\s*(removed|deleted) by [^\]]{1,100}\]$/i;
const UNAVAILABLE = '[unavailable]';
/** `removed_by_category` of what its author took away; all others are Reddit, moderators and their tools. */
const BY_AUTHOR = ['deleted', 'author'];

type Data = Record<string, unknown>;
const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '');

export type Marker = '[deleted]' | '[removed]';

/** The marker for a text that is gone. "[deleted]" of a living author is a joke: Reddit names nobody there. */
function markerOf(value: string, isAuthorGone: boolean): Marker | null {
  const [, deed] = GONE_BY.exec(value) ?? [];
  if (deed) return deed.toLowerCase() === 'removed' ? '[removed]' : '[deleted]';
  if (value === '[removed]') return value;
  return isAuthorGone && value === '[deleted]' ? value : null;
}

const isAuthorGone = ({ author }: Data) => (author ?? '[deleted]') === '[deleted]';

/** Fields by which Reddit and moderators mark what they removed, whatever text is shown with it. */
function isMarkedRemoved(data: Data): boolean {
  const category = text(data.removed_by_category);
  const isByOthers = category !== '' && !BY_AUTHOR.includes(category);
  return isByOthers || data.removed === true || data.spam === true || text(data.removal_reason) !== '';
}

/** The marker of a post that is gone; null for one that is there. Moderators leave the author of a post in place. */
export function goneMarkerOfPost(data: Data): Marker | null {
  const selftext = text(data.selftext);
  if (isMarkedRemoved(data)) return '[removed]';
  const marker = markerOf(selftext, isAuthorGone(data)) ?? markerOf(text(data.title), false);
  if (marker) return marker;
  return text(data.removed_by_category) === '' ? null : '[deleted]';
}

/** The marker of a comment that is gone; null for one that is there. */
export const goneMarkerOfComment = (data: Data): Marker | null =>
  markerOf(text(data.body), isAuthorGone(data)) ?? (isMarkedRemoved(data) ? '[removed]' : null);

/** Whether Reddit hides it from this asker only, as it does between people who have blocked each other. */
export const isUnavailable = (data: Data) =>
  [data.author, data.body, data.selftext].some((value) => text(value).toLowerCase() === UNAVAILABLE);
