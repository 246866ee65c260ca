import type { MoreStub } from '../../platform/reddit/reddit-client';
import type { Stub, Thread } from './scrape-state';

const CHILDREN_A_CALL = 100;

/** What is left to unfold of a thread: stubs, and children that an answer left out. */
export type Folded = Pick<Thread, 'more' | 'missing'>;

/** A comment at which a page begins. */
interface Place {
  id: string;
  depth: number;
}

/**
 * One request that unfolds comments, and what remains after it. `stubs` are what it asks for. `search` is the page on
 * which missing children should be.
 */
export type Expansion = { rest: Folded; stubs: Stub[] } & (
  | { kind: 'children'; children: string[]; depthOf: (commentId: string) => number | undefined }
  | { kind: 'thread' | 'search'; comment: Place }
);

export const isOfComment = ({ parentId }: Pick<MoreStub, 'parentId'>) => parentId.startsWith('t1_');

/**
 * Children of several stubs share one request; "continue this thread" needs a request of its own. Continued threads may
 * bring more children, so a request for children waits until it is full or no thread is left. Missing children come
 * last. `more` and `missing` must not both be empty.
 */
export function nextExpansion({ more, missing }: Folded): Expansion {
  if (more.length === 0) return nextSearch(missing);
  const childrenLeft = more.reduce((total, stub) => total + stub.children.length, 0);
  const thread = childrenLeft < CHILDREN_A_CALL ? more.find((stub) => stub.children.length === 0) : undefined;
  return thread
    ? { ...pageOf('thread', thread), rest: { more: more.filter((stub) => stub !== thread), missing } }
    : nextChildren(more, missing);
}

function nextChildren(more: Stub[], missing: Stub[]): Expansion {
  const stubs: Stub[] = [];
  const rest: Stub[] = [];
  let room = CHILDREN_A_CALL;
  for (const stub of more) {
    const taken = stub.children.slice(0, room);
    room -= taken.length;
    if (taken.length > 0) stubs.push({ ...stub, children: taken });
    const left = stub.children.slice(taken.length);
    if (left.length > 0 || stub.children.length === 0)
      rest.push({ ...stub, children: left, count: Math.max(left.length, stub.count - taken.length) });
  }
  const parentDepths = new Map(stubs.map(({ parentId, depth }) => [withoutPrefix(parentId), depth - 1]));
  return {
    kind: 'children',
    stubs,
    children: stubs.flatMap(({ children }) => children),
    depthOf: (id) => parentDepths.get(id),
    rest: { more: rest, missing },
  };
}

/** All missing children of a comment are looked for on its page; those of the post have only pages of their own. */
function nextSearch([first, ...others]: Stub[]): Expansion {
  if (!first) throw new RangeError('nothing is left to unfold');
  if (isOfComment(first)) return { ...pageOf('search', first), rest: { more: [], missing: others } };
  const [child = '', ...later] = first.children;
  const rest = later.length > 0 ? [{ ...first, children: later, count: later.length }, ...others] : others;
  return {
    kind: 'search',
    stubs: [{ ...first, children: [child], count: 1 }],
    comment: { id: child, depth: first.depth },
    rest: { more: [], missing: rest },
  };
}

const pageOf = (kind: 'thread' | 'search', stub: Stub) => ({
  kind,
  stubs: [stub],
  comment: { id: withoutPrefix(stub.parentId), depth: Math.max(0, stub.depth - 1) },
});

/** How many comments the stubs stand for. "Continue this thread" names no number and counts as one. */
export function foldedComments(more: Stub[]): number {
  return more.reduce((total, stub) => total + Math.max(stub.count, stub.children.length, 1), 0);
}

/** How many announced comments of a thread have not been seen. */
export const openComments = ({ more, missing, lost }: Pick<Thread, 'more' | 'missing' | 'lost'>) =>
  foldedComments(more) + foldedComments(missing) + lost;

export const withoutPrefix = (fullname: string) => fullname.replace(/^t\d_/, '');
