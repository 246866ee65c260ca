import { foldedComments, isOfComment, withoutPrefix, type Expansion } from './comment-expansion';
import type { CommentTree, RedditComment } from '../../platform/reddit/reddit-client';
import type { Stub, Thread } from './scrape-state';

export type Found = Omit<CommentTree, 'post'> & Partial<Pick<CommentTree, 'post'>>;

/** In the list of what was asked for, the page of a comment is told from the comment itself. */
const pageName = (commentId: string) => `/${commentId}`;

/** What a request adds to the list of what was asked for. */
export const askedBy = (next: Expansion): string[] =>
  next.kind === 'children' ? next.children : [pageName(next.comment.id)];

/**
 * The part of an answer that was asked for. The page of a parent repeats what is known of it, so only what hangs below
 * the missing children counts.
 */
export function answerTo(next: Expansion, found: Found): Found {
  if (next.kind !== 'search') return found;
  const wanted = new Set(next.stubs.flatMap(({ children }) => children));
  const comments: RedditComment[] = [];
  for (const comment of found.comments) {
    if (!wanted.has(comment.id) && !wanted.has(withoutPrefix(comment.parentId))) continue;
    wanted.add(comment.id);
    comments.push(comment);
  }
  const more = found.more.filter(({ parentId }) => wanted.has(withoutPrefix(parentId)));
  return { ...found, comments, more };
}

/** What of the asked an answer has left out: to be asked for once more, to be looked for, and given up. */
export interface LeftOut {
  again: Stub[];
  missing: Stub[];
  lost: number;
}

/**
 * Reddit sometimes answers fewer children than were asked for. Those of a comment should be on its page. Those of the
 * post are asked for once more, and then each has a page of its own.
 */
export function leftOutOf(next: Expansion, found: Found): LeftOut {
  const received = new Set(found.comments.map(({ id }) => id));
  if (next.kind === 'thread') {
    received.delete(next.comment.id);
    return {
      again: [],
      missing: [],
      lost: received.size > 0 || found.more.length > 0 ? 0 : foldedComments(next.stubs),
    };
  }
  const absent = next.stubs
    .map((stub) => ({ ...stub, children: stub.children.filter((id) => !received.has(id)) }))
    .filter(({ children }) => children.length > 0)
    .map((stub) => ({ ...stub, count: stub.children.length }));
  const isExplained = foldedComments(absent) <= found.malformed;
  if (isExplained) return { again: [], missing: [], lost: 0 };
  if (next.kind === 'search') return { again: [], missing: [], lost: foldedComments(absent) };
  const isRepeatable = (stub: Stub) => !isOfComment(stub) && !stub.isRepeated;
  return {
    again: absent.filter(isRepeatable).map((stub) => ({ ...stub, isRepeated: true })),
    missing: absent.filter((stub) => !isRepeatable(stub)),
    lost: 0,
  };
}

/** The missing children of one comment are looked for together. */
export function joinMissing(missing: Stub[]): Stub[] {
  const byParent = new Map<string, Stub>();
  for (const stub of missing) {
    const before = byParent.get(stub.parentId);
    const children = [...(before?.children ?? []), ...stub.children];
    byParent.set(stub.parentId, { ...stub, children, count: children.length });
  }
  return [...byParent.values()];
}

/** Stubs that lead on, how many led back to what was asked for or seen, and how many comments stay behind these. */
export interface NewStubs {
  more: Stub[];
  circles: number;
  lost: number;
}

/** Leaves out of an answer's stubs what was asked for, is waiting, or was seen, so that no thread goes in circles. */
export function newStubsOf(
  stubs: CommentTree['more'],
  thread: Pick<Thread, 'more' | 'missing' | 'asked'>,
  known: ReadonlySet<string>,
): NewStubs {
  const waiting = [...thread.more, ...thread.missing];
  const taken = new Set([...thread.asked, ...waiting.flatMap(({ children }) => children)]);
  const waitingPages = new Set(thread.more.filter(({ children }) => children.length === 0).map(pageOf));
  const result: NewStubs = { more: [], circles: 0, lost: 0 };
  for (const stub of stubs) {
    const page = pageOf(stub);
    const isPage = stub.children.length === 0;
    if (isPage && waitingPages.has(page)) continue;
    const children = stub.children.filter((id) => !taken.has(id) && !known.has(id));
    const leadsOn = isPage ? isOfComment(stub) && !taken.has(page) : children.length > 0;
    if (!leadsOn) {
      result.circles += 1;
      if (isPage) result.lost += foldedComments([stub]);
      continue;
    }
    for (const id of children) taken.add(id);
    if (isPage) waitingPages.add(page);
    const dropped = stub.children.length - children.length;
    result.more.push({ ...stub, children, count: Math.max(children.length, stub.count - dropped) });
  }
  return result;
}

const pageOf = ({ parentId }: Pick<Stub, 'parentId'>) => pageName(withoutPrefix(parentId));
