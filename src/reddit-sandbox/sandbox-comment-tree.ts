import type { CommentSort } from '../platform/reddit/reddit-client';
import type { CommentNode } from './reddit-content';

/** Reddit shows ten levels below the root asked for, then "continue this thread". */
const MOST_LEVELS = 10;

/** A stub without `children` means "continue this thread at `parent`"; `parent` -1 is the post. */
export type TreeItem =
  | { kind: 'comment'; index: number; replies: TreeItem[] }
  | { kind: 'more'; parent: number; children: number[]; count: number };

export interface CommentTree {
  nodes: CommentNode[];
  /** Indices of the answers to the post, and to each comment. */
  roots: number[];
  replies: number[][];
  depth: number[];
  /** The number of comments in each subtree, including its root. */
  size: number[];
}

export function buildTree(nodes: CommentNode[]): CommentTree {
  const tree: CommentTree = { nodes, roots: [], replies: nodes.map(() => []), depth: [], size: nodes.map(() => 1) };
  nodes.forEach((node, index) => {
    (node.parent < 0 ? tree.roots : tree.replies[node.parent]!).push(index);
    tree.depth.push(node.parent < 0 ? 0 : tree.depth[node.parent]! + 1);
  });
  for (let index = nodes.length - 1; index >= 0; index--) {
    const { parent } = nodes[index]!;
    if (parent >= 0) tree.size[parent]! += tree.size[index]!;
  }
  return tree;
}

/** The sort key of a comment; the highest comes first. */
function rank(node: CommentNode, sort: CommentSort): number {
  if (sort === 'new') return node.createdAt;
  if (sort === 'old') return -node.createdAt;
  return sort === 'controversial' ? -Math.abs(node.score) : node.score;
}

export interface Cut {
  sort: CommentSort;
  /** How many comments at most. */
  limit: number;
  /** How many levels at most, up to ten. */
  levels?: number;
  /** The tops are shown whatever their rank, because `morechildren` requested them by id. */
  keepsTops?: boolean;
}

/**
 * The best `limit` comments at and below `tops` (children of `parent`). A parent always comes before its replies. Stubs
 * stand for the rest.
 */
export function cutTree(tree: CommentTree, parent: number, tops: number[], cut: Cut): TreeItem[] {
  const levels = Math.min(cut.levels ?? MOST_LEVELS, MOST_LEVELS);
  const inOrder = (indices: number[]) =>
    [...indices].sort((a, b) => rank(tree.nodes[b]!, cut.sort) - rank(tree.nodes[a]!, cut.sort) || a - b);

  // A reply never ranks above its parent. So sorting puts each parent first, and the limit cuts no parent off its
  // replies.
  const candidates: { index: number; rank: number }[] = [];
  const collect = (indices: number[], parentRank: number, level: number) => {
    if (level >= levels) return;
    for (const index of inOrder(indices)) {
      const own = level === 0 && cut.keepsTops ? Infinity : Math.min(parentRank, rank(tree.nodes[index]!, cut.sort));
      candidates.push({ index, rank: own });
      collect(tree.replies[index]!, own, level + 1);
    }
  };
  collect(tops, Infinity, 0);
  // The sort is stable, so comments of equal rank stay in tree order.
  candidates.sort((a, b) => (a.rank === b.rank ? 0 : b.rank - a.rank));
  const shown = new Set(candidates.slice(0, cut.limit).map(({ index }) => index));

  const arrange = (under: number, indices: number[], level: number): TreeItem[] => {
    if (!indices.length) return [];
    if (level >= MOST_LEVELS) return [{ kind: 'more', parent: under, children: [], count: 0 }];
    const items: TreeItem[] = [];
    const hidden: number[] = [];
    for (const index of inOrder(indices)) {
      if (shown.has(index))
        items.push({ kind: 'comment', index, replies: arrange(index, tree.replies[index]!, level + 1) });
      else hidden.push(index);
    }
    if (hidden.length)
      items.push({
        kind: 'more',
        parent: under,
        children: hidden,
        count: hidden.reduce((sum, index) => sum + tree.size[index]!, 0),
      });
    return items;
  };
  return arrange(parent, tops, 0);
}

/**
 * The page of one comment: its subtree below up to `context` ancestors. Other replies of the ancestors are left out.
 */
export function cutAround(tree: CommentTree, focus: number, context: number, cut: Cut): TreeItem[] {
  let items = cutTree(tree, tree.nodes[focus]!.parent, [focus], { ...cut, keepsTops: true });
  let ancestor = tree.nodes[focus]!.parent;
  for (let step = 0; step < context && ancestor >= 0; step++) {
    items = [{ kind: 'comment', index: ancestor, replies: items }];
    ancestor = tree.nodes[ancestor]!.parent;
  }
  return items;
}
