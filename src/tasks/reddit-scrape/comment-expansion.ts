import type { MoreStub } from '../../platform/reddit/reddit-client';

const CHILDREN_A_CALL = 100;

/** One request that unfolds comments, and the stubs that remain after it. */
export type Expansion = { rest: MoreStub[] } & (
  | { kind: 'children'; children: string[]; depthOf: (commentId: string) => number | undefined }
  | { kind: 'thread'; comment: { id: string; depth: number } }
);

/**
 * Children of several stubs share one request; "continue this thread" needs a request of its own. Continued threads may
 * bring more children, so a request for children waits until it is full or no thread is left. `more` must not be empty.
 */
export function nextExpansion(more: MoreStub[]): Expansion {
  const childrenLeft = more.reduce((total, stub) => total + stub.children.length, 0);
  const thread = childrenLeft < CHILDREN_A_CALL ? more.find((stub) => stub.children.length === 0) : undefined;
  if (thread)
    return {
      kind: 'thread',
      comment: { id: withoutPrefix(thread.parentId), depth: thread.depth - 1 },
      rest: more.filter((stub) => stub !== thread),
    };
  const children: string[] = [];
  const rest: MoreStub[] = [];
  const parentDepths = new Map<string, number>();
  for (const stub of more) {
    const taken = stub.children.slice(0, CHILDREN_A_CALL - children.length);
    if (taken.length > 0) parentDepths.set(withoutPrefix(stub.parentId), stub.depth - 1);
    children.push(...taken);
    const left = stub.children.slice(taken.length);
    if (left.length > 0 || stub.children.length === 0)
      rest.push({ ...stub, children: left, count: Math.max(left.length, stub.count - taken.length) });
  }
  return { kind: 'children', children, depthOf: (id) => parentDepths.get(id), rest };
}

/** How many comments the stubs stand for. "Continue this thread" names no number and counts as one. */
export function foldedComments(more: MoreStub[]): number {
  return more.reduce((total, stub) => total + Math.max(stub.count, stub.children.length, 1), 0);
}

const withoutPrefix = (fullname: string) => fullname.replace(/^t\d_/, '');
