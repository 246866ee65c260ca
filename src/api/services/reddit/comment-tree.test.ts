import { nestComments } from './comment-tree';
import type { CommentBody } from '../../schemas/reddit-schemas';
import type { TreeNode, TreeSort } from '../../schemas/reddit-tree-schemas';

const AT = Date.UTC(2026, 0, 1);
const row = (
  id: string,
  parentId: string | null,
  fields: { score?: number; at?: number; controversiality?: number } = {},
) => ({
  id,
  parentId,
  score: fields.score ?? 1,
  controversiality: fields.controversiality ?? 0,
  redditCreatedAt: new Date(AT + (fields.at ?? 0)),
});
type Row = ReturnType<typeof row>;
const nest = (rows: Row[], limits: Partial<{ sort: TreeSort; depth: number; limit: number }> = {}) =>
  nestComments(
    rows,
    'p',
    { sort: 'top', depth: 1_000, limit: 500, ...limits },
    (one) => ({ id: one.id }) as CommentBody,
  );
const drawNode = ({ id, is_orphan: isOrphan, replies, more_count: more }: TreeNode): string => {
  const below = replies.length > 0 || more > 0 ? `(${draw(replies, more)})` : '';
  return `${isOrphan ? '?' : ''}${id}${below}`;
};
/** `a(b ?c +2)`: ids with their replies, `?` for an orphan, and the number of comments left out. */
const draw = (nodes: TreeNode[], more = 0): string =>
  [...nodes.map(drawNode), ...(more > 0 ? [`+${more}`] : [])].join(' ');
const drawn = (...given: Parameters<typeof nest>) => {
  const { comments, moreCount } = nest(...given);
  return draw(comments, moreCount);
};

const THREAD = [
  row('a', 't3_p', { score: 5, at: 3 }),
  row('b', 't3_p', { score: 9, at: 1, controversiality: 1 }),
  row('c', 't1_a', { score: -4, at: 5 }),
  row('d', 't1_a', { score: 2, at: 4 }),
  row('e', 't1_d', { at: 6 }),
  row('f', 't3_p', { score: 0, at: 2 }),
];

test.each<[TreeSort, string]>([
  ['top', 'b a(d(e) c) f'],
  ['new', 'a(c d(e)) f b'],
  ['old', 'b f a(d(e) c)'],
  ['controversial', 'b f a(d(e) c)'],
])('sorts by %s, whatever the order of the rows', (sort, expected) => {
  expect(drawn(THREAD, { sort })).toBe(expected);
  expect(drawn([...THREAD].reverse(), { sort })).toBe(expected);
});

test('counts comments beyond the limits at their nearest shown ancestor, with their subtrees', () => {
  expect(drawn(THREAD, { depth: 1 })).toBe('b a(+3) f');
  expect(drawn(THREAD, { depth: 2 })).toBe('b a(d(+1) c) f');
  expect(drawn(THREAD, { limit: 1 })).toBe('b +5');
  expect(drawn(THREAD, { limit: 2 })).toBe('b a(d(e) c) +1');
  for (const limits of [{ depth: 1 }, { depth: 2, limit: 1 }, { limit: 2 }, { depth: 3, limit: 500 }]) {
    const { comments, shown, moreCount } = nest(THREAD, limits);
    const count = (nodes: TreeNode[]): number =>
      nodes.reduce((sum, node) => sum + node.more_count + count(node.replies), 0);
    expect(shown + moreCount + count(comments)).toBe(THREAD.length);
  }
});

test('puts a comment at the top as an orphan when its parent is not stored, of another post, or itself', () => {
  expect(
    drawn([
      row('a', 't1_gone', { score: 3 }),
      row('b', 't1_a'),
      row('c', 't3_other', { score: 2 }),
      row('d', null),
      row('e', 't1_e', { score: 0 }),
    ]),
  ).toBe('?a(b) ?c d ?e');
});

test('shows comments that answer each other in a circle once, cut at the first found', () => {
  expect(
    drawn([row('a', 't1_c'), row('b', 't1_a'), row('c', 't1_b'), row('d', 't1_c'), row('r', 't3_p', { score: 9 })]),
  ).toBe('r ?a(b(c(d)))');
});

test('nests 5,000 comments one below the other, in any order', () => {
  const chain = Array.from({ length: 5_000 }, (_, n) => row(`c${n}`, n ? `t1_c${n - 1}` : 't3_p'));
  for (const rows of [chain, [...chain].reverse()]) {
    const { comments, shown } = nest(rows, { depth: 1_000 });
    let [levels, more] = [0, 0];
    for (let at = comments[0]; at; at = at.replies[0]) [levels, more] = [levels + 1, at.more_count];
    expect([shown, levels, more]).toEqual([1_000, 1_000, 4_000]);
  }
});
