import { foldedComments, nextExpansion } from './comment-expansion';

const stub = (parentId: string, depth: number, children: string[], count = children.length) => ({
  parentId,
  depth,
  children,
  count,
});
const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

test('a hundred children of many stubs share one request', () => {
  const more = [
    stub('t1_a', 3, ids('a', 60), 90),
    stub('t1_b', 9, []),
    stub('t3_p', 0, ids('p', 70), 100),
    stub('t1_c', 1, ids('c', 2)),
  ];
  const next = nextExpansion({ more, missing: [] });
  if (next.kind !== 'children') throw new Error(next.kind);
  expect(next.children).toEqual([...ids('a', 60), ...ids('p', 40)]);
  expect([next.depthOf('a'), next.depthOf('b')]).toEqual([2, undefined]);
  expect(next.rest.more).toEqual([
    stub('t1_b', 9, []),
    stub('t3_p', 0, ids('p', 70).slice(40), 60),
    stub('t1_c', 1, ids('c', 2)),
  ]);
});

test('a thread to continue needs its own request; children wait for it until their request is full', () => {
  const thread = stub('t1_a', 10, [], 0);
  const few = stub('t1_b', 2, ['x']);
  const next = (...more: ReturnType<typeof stub>[]) => nextExpansion({ more, missing: [] });
  expect(next(few, thread)).toMatchObject({
    kind: 'thread',
    comment: { id: 'a', depth: 9 },
    rest: { more: [few] },
  });
  expect(next(thread, stub('t1_b', 2, ids('x', 100)))).toMatchObject({ kind: 'children', rest: { more: [thread] } });
  expect(next(few)).toMatchObject({ kind: 'children', children: ['x'], rest: { more: [] } });
});

test('missing children come last: those of a comment on its page, those of the post each on a page of its own', () => {
  const ofComment = stub('t1_a', 3, ['x', 'y']);
  const ofPost = stub('t3_p', 0, ['v', 'w']);
  expect(nextExpansion({ more: [stub('t1_b', 1, ['z'])], missing: [ofComment] })).toMatchObject({ kind: 'children' });
  expect(nextExpansion({ more: [], missing: [ofComment, ofPost] })).toEqual({
    kind: 'search',
    comment: { id: 'a', depth: 2 },
    stubs: [ofComment],
    rest: { more: [], missing: [ofPost] },
  });
  expect(nextExpansion({ more: [], missing: [ofPost] })).toEqual({
    kind: 'search',
    comment: { id: 'v', depth: 0 },
    stubs: [stub('t3_p', 0, ['v'])],
    rest: { more: [], missing: [stub('t3_p', 0, ['w'])] },
  });
});

test('folded comments are counted as far as Reddit names their number', () => {
  expect(
    foldedComments([stub('t1_a', 1, ['x', 'y'], 7), stub('t1_b', 1, ['x', 'y'], 0), stub('t1_c', 10, [], 0)]),
  ).toBe(10);
});
