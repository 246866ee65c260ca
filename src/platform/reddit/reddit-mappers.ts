import type { CommentTree, InfoAnswer, ListingPage, MoreStub, RedditComment, RedditPost } from './reddit-client';
import { RedditError } from '../../shared/reddit-error';
import { absoluteUrl, toMedia } from './reddit-media';
import { goneMarkerOfComment, goneMarkerOfPost, isUnavailable } from './reddit-removal';

/** Reddit's JSON. Fields are optional, because old recordings and today's answers have different ones. */
type Data = Record<string, unknown>;
interface Thing {
  kind: string;
  data: Data;
}

const INT4 = 2_147_483_647;
const isData = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value);
const isThing = (value: unknown): value is Thing =>
  isData(value) && typeof value.kind === 'string' && isData(value.data);
const text = (value: unknown) => (typeof value === 'string' ? value : null);
/** A number, also one that is written as a text. */
const number = (value: unknown) => {
  const read = typeof value === 'string' && /^\s*-?\d{1,300}(\.\d{1,300})?\s*$/.test(value) ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : null;
};
const integer = (value: unknown) => {
  const read = number(value);
  return read === null ? null : Math.max(-INT4, Math.min(INT4, Math.trunc(read)));
};
const count = (value: unknown) => integer(value) ?? 0;
/** A number from 0 to 1, or null. */
const share = (value: unknown) => {
  const read = number(value);
  return read !== null && read >= 0 && read <= 1 ? read : null;
};
/** The moments that fit both a Date and a timestamp of PostgreSQL, in ISO form: the years 1 to 9999. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');
const LATEST_MS = Date.UTC(10_000, 0) - 1;
/** Unix seconds; `edited` is `false` or, in very old answers, `true` without a time. */
const time = (value: unknown) => {
  const seconds = number(value);
  const ms = seconds === null ? NaN : seconds * 1_000;
  return ms >= EARLIEST_MS && ms <= LATEST_MS ? new Date(ms) : null;
};
/** An id of Reddit that fits its column. Other texts are none: ids become parts of addresses. */
const idOf = (value: unknown) => {
  const id = text(value);
  return id !== null && /^[0-9a-z]{1,50}$/i.test(id) ? id : null;
};
/** The full name of a post or a comment that fits its column. */
const parentOf = (value: unknown) => {
  const name = text(value);
  return name !== null && /^t[13]_[0-9a-z]{1,47}$/i.test(name) ? name : null;
};
const bareId = (fullname: unknown) => text(fullname)?.replace(/^t\d_/, '') ?? null;

const authorOf = ({ author }: Data) => text(author) ?? '[deleted]';

/** Null for an object that is not a readable post. */
export function toPost(data: Data): RedditPost | null {
  const id = idOf(data.id);
  const title = text(data.title);
  const subreddit = text(data.subreddit);
  const createdAt = time(data.created_utc);
  const isReadable = id && title !== null && subreddit && createdAt;
  if (!isReadable) return null;
  const marker = goneMarkerOfPost(data);
  return {
    id,
    title,
    author: authorOf(data),
    subreddit,
    subredditSubscribers: integer(data.subreddit_subscribers),
    content: marker ?? text(data.selftext),
    url: absoluteUrl(data.url),
    domain: text(data.domain),
    score: count(data.score),
    isScoreHidden: data.hide_score === true || data.score_hidden === true,
    upvoteRatio: share(data.upvote_ratio),
    numComments: count(data.num_comments),
    flairText: text(data.link_flair_text),
    isSelf: data.is_self === true,
    isNsfw: data.over_18 === true,
    isSpoiler: data.spoiler === true,
    isPinned: data.stickied === true || data.pinned === true,
    media: marker ? null : toMedia(data),
    isDeleted: marker !== null,
    isUnavailable: isUnavailable(data),
    editedAt: time(data.edited),
    createdAt,
  };
}

/** Null for an object that is not a readable comment. */
export function toComment(data: Data, depth: number): RedditComment | null {
  const [id, body, subreddit, createdAt] = [
    idOf(data.id),
    text(data.body),
    text(data.subreddit),
    time(data.created_utc),
  ];
  const [postId, parentId] = [idOf(bareId(data.link_id)), parentOf(data.parent_id)];
  if (!id || body === null || !subreddit || !createdAt || !postId || !parentId) return null;
  const marker = goneMarkerOfComment(data);
  return {
    id,
    postId,
    author: authorOf(data),
    body: marker ?? body,
    subreddit,
    parentId,
    depth,
    isSubmitter: data.is_submitter === true,
    score: count(data.score),
    isScoreHidden: data.score_hidden === true,
    controversiality: count(data.controversiality),
    isDeleted: marker !== null,
    isUnavailable: isUnavailable(data),
    editedAt: time(data.edited),
    createdAt,
  };
}

/** A stub whose children cannot be read is one without: it continues on the page of its parent. */
function toMoreStub(data: Data, depth: number): MoreStub | null {
  const parentId = parentOf(data.parent_id);
  if (!parentId) return null;
  const given: unknown[] = Array.isArray(data.children) ? data.children : [];
  const children = new Set(given.map((id) => idOf(bareId(id))).filter((id) => id !== null));
  return { parentId, children: [...children], count: Math.max(0, count(data.count)), depth };
}

function childrenOf(listing: unknown, what: string): { children: unknown[]; after: string | null } {
  if (!isThing(listing) || listing.kind !== 'Listing' || !Array.isArray(listing.data.children))
    throw new RedditError('malformed', `Reddit's answer is not a ${what}`);
  return { children: listing.data.children, after: text(listing.data.after) || null };
}

export function toListingPage(body: unknown): ListingPage {
  const { children, after } = childrenOf(body, 'listing of posts');
  const posts = children.map((child) => (isThing(child) && child.kind === 't3' ? toPost(child.data) : null));
  const readable = posts.filter((post) => post !== null);
  return { posts: readable, after, malformed: posts.length - readable.length };
}

/** `rootDepth`: 0 for the whole tree of a post; the depth of the comment a partial tree begins with. */
export function toCommentTree(body: unknown, rootDepth: number): CommentTree {
  const [head, tail] = Array.isArray(body) ? (body as unknown[]) : [];
  const first = childrenOf(head, 'post with comments').children[0];
  const tree: CommentTree = { post: isThing(first) ? toPost(first.data) : null, comments: [], more: [], malformed: 0 };
  const placed = (children: unknown[], depth: number) => children.map((child) => ({ child, depth })).reverse();
  // A stack, because an answer may be nested more deeply than calls may be.
  const open = placed(childrenOf(tail, 'comment tree').children, rootDepth);
  for (let next = open.pop(); next; next = open.pop()) {
    const { child, depth } = next;
    addThing(tree, child, depth);
    // The replies of an unreadable comment are kept.
    const replies = isThing(child) ? child.data.replies : null;
    if (isThing(replies) && Array.isArray(replies.data.children))
      for (const reply of placed(replies.data.children, depth + 1)) open.push(reply);
  }
  return tree;
}

function addThing(found: Omit<CommentTree, 'post'>, thing: unknown, depth: number): void {
  const comment = isThing(thing) && thing.kind === 't1' ? toComment(thing.data, depth) : null;
  const stub = isThing(thing) && thing.kind === 'more' ? toMoreStub(thing.data, depth) : null;
  if (comment) found.comments.push(comment);
  else if (stub) found.more.push(stub);
  else found.malformed += 1;
}

/** Reads the flat answer of morechildren. The parent of an item is anywhere in the answer, or known to the caller. */
export function toMoreChildren(
  body: unknown,
  depthOf: (commentId: string) => number | undefined,
): Omit<CommentTree, 'post'> {
  const json = isData(body) && isData(body.json) ? body.json : {};
  if (Array.isArray(json.errors) && json.errors.length)
    throw new RedditError('malformed', `Reddit refused morechildren: ${JSON.stringify(json.errors)}`);
  if (!isData(json.data) || !Array.isArray(json.data.things))
    throw new RedditError('malformed', "Reddit's answer is not one of morechildren");
  const things = json.data.things.filter(isThing);
  const found: Omit<CommentTree, 'post'> = {
    comments: [],
    more: [],
    malformed: json.data.things.length - things.length,
  };
  const byId = new Map(things.filter((thing) => thing.kind === 't1').map((thing) => [thing.data.id, thing.data]));

  const depths = new Map<Data, number>();
  const depthIn = (data: Data): number => {
    const known = depths.get(data);
    if (known !== undefined) return known;
    // Guards against a cycle of parents.
    depths.set(data, 0);
    depths.set(data, parentDepth(data));
    return depths.get(data) ?? 0;
  };
  const parentDepth = (data: Data): number => {
    const parent = text(data.parent_id) ?? '';
    if (!parent.startsWith('t1_')) return 0;
    const id = bareId(parent) ?? '';
    const sibling = byId.get(id);
    const above = depthOf(id) ?? (sibling ? depthIn(sibling) : undefined);
    return above === undefined ? (integer(data.depth) ?? 1) : above + 1;
  };
  for (const thing of things) addThing(found, thing, depthIn(thing.data));
  return found;
}

export function toInfo(body: unknown): InfoAnswer {
  const { children } = childrenOf(body, 'listing');
  const things = children.filter(isThing);
  const posts = things
    .filter((thing) => thing.kind === 't3')
    .map((thing) => toPost(thing.data))
    .filter((post) => post !== null);
  const comments = things
    .filter((thing) => thing.kind === 't1')
    .map((thing) => toComment(thing.data, 0))
    .filter((comment) => comment !== null);
  return { posts, comments, malformed: children.length - posts.length - comments.length };
}

export function toSubreddit(body: unknown): { name: string; subscribers: number | null; isNsfw: boolean } {
  const data = isThing(body) && body.kind === 't5' ? body.data : null;
  const name = text(data?.display_name);
  if (!data || !name) throw new RedditError('malformed', "Reddit's answer is not a subreddit");
  return { name, subscribers: integer(data.subscribers), isNsfw: (data.over18 ?? data.over_18) === true };
}
