import type { RedditCommentRow } from '../../../storage/reddit/reddit-comment';
import type { TreeNode, TreeSort } from '../../schemas/reddit-tree-schemas';
import type { CommentBody } from '../../schemas/reddit-schemas';

type Row = Pick<RedditCommentRow, 'id' | 'parentId' | 'score' | 'controversiality' | 'redditCreatedAt'>;
interface Node<R extends Row> {
  row: R;
  children: Node<R>[];
  /** Stands at the top because its parent is not stored. */
  isOrphan: boolean;
  /** Reachable from a root. */
  isReached: boolean;
  /** Number of comments in the subtree, including this one. */
  size: number;
}

const ORDERS: Record<TreeSort, (a: Row, b: Row) => number> = {
  top: (a, b) => b.score - a.score,
  new: (a, b) => b.redditCreatedAt.getTime() - a.redditCreatedAt.getTime(),
  old: (a, b) => a.redditCreatedAt.getTime() - b.redditCreatedAt.getTime(),
  // Those that Reddit marks as controversial first, then those whose votes cancel out.
  controversial: (a, b) => b.controversiality - a.controversiality || Math.abs(a.score) - Math.abs(b.score),
};

/**
 * All nodes of the subtrees of `roots`, parents before their replies, each marked as reached. Iterative, because
 * threads can be deeper than the call stack.
 */
function reach<R extends Row>(roots: Node<R>[]): Node<R>[] {
  const reached = [...roots];
  for (const node of reached) {
    node.isReached = true;
    for (const child of node.children) reached.push(child);
  }
  return reached;
}

/** Nodes by Reddit's full name (`t1_<id>`), as `parentId` gives it. */
type NodeMap<R extends Row> = Map<string, Node<R>>;

const toNodes = <R extends Row>(rows: R[]): NodeMap<R> =>
  new Map(
    rows.map((row) => [`t1_${row.id}`, { row, children: [], isOrphan: false, isReached: false, size: 1 }] as const),
  );

const parentOf = <R extends Row>(nodes: NodeMap<R>, { row }: Node<R>) => nodes.get(row.parentId ?? '');

/** Adds every node to its parent's children, and returns those without a stored parent. */
function linkToParents<R extends Row>(nodes: NodeMap<R>, postId: string): Node<R>[] {
  const roots: Node<R>[] = [];
  for (const node of nodes.values()) {
    const parent = parentOf(nodes, node);
    if (parent && parent !== node) {
      parent.children.push(node);
      continue;
    }
    node.isOrphan = node.row.parentId !== null && node.row.parentId !== `t3_${postId}`;
    roots.push(node);
  }
  return roots;
}

/** Comments that answer each other in a circle have no root: the first of each circle becomes one, as an orphan. */
function cutCycles<R extends Row>(nodes: NodeMap<R>): { roots: Node<R>[]; reached: Node<R>[] } {
  const roots: Node<R>[] = [];
  const reached: Node<R>[] = [];
  for (const node of nodes.values()) {
    if (node.isReached) continue;
    const parent = parentOf(nodes, node);
    if (parent) parent.children = parent.children.filter((child) => child !== node);
    node.isOrphan = true;
    roots.push(node);
    for (const descendant of reach([node])) reached.push(descendant);
  }
  return { roots, reached };
}

/** The sorted roots of the comment trees, with sorted children and sizes. */
function buildTrees<R extends Row>(rows: R[], postId: string, sort: TreeSort): Node<R>[] {
  const nodes = toNodes(rows);
  const linked = linkToParents(nodes, postId);
  const ordered = reach(linked);
  const cut = cutCycles(nodes);
  const byRank = (a: Node<R>, b: Node<R>) => ORDERS[sort](a.row, b.row) || (a.row.id < b.row.id ? -1 : 1);
  // Replies before their parents, whose sizes include them.
  for (const node of ordered.concat(cut.reached).reverse()) {
    node.children.sort(byRank);
    for (const child of node.children) node.size += child.size;
  }
  return linked.concat(cut.roots).sort(byRank);
}

export interface TreeLimits {
  sort: TreeSort;
  /** Levels shown; 1 shows only the answers to the post. */
  depth: number;
  /** Replies shown for each comment, and for the post. */
  limit: number;
}

/** Nests a post's comments. Comments beyond a limit are counted at their nearest shown ancestor. */
export function nestComments<R extends Row>(
  rows: R[],
  postId: string,
  { sort, depth, limit }: TreeLimits,
  present: (row: R) => CommentBody,
): { comments: TreeNode[]; shown: number; moreCount: number } {
  const roots = buildTrees(rows, postId, sort);
  const sizeOf = (nodes: Node<R>[]) => nodes.reduce((sum, node) => sum + node.size, 0);
  const comments: TreeNode[] = [];
  const open = [{ children: roots, into: comments, level: 0 }];
  let shown = 0;
  for (const { children, into, level } of open) {
    if (level === depth) continue;
    for (const node of children.slice(0, limit)) {
      const isLast = level + 1 === depth;
      const body: TreeNode = {
        ...present(node.row),
        is_orphan: node.isOrphan,
        more_count: sizeOf(isLast ? node.children : node.children.slice(limit)),
        replies: [],
      };
      into.push(body);
      shown += 1;
      open.push({ children: node.children, into: body.replies, level: level + 1 });
    }
  }
  return { comments, shown, moreCount: sizeOf(roots.slice(limit)) };
}
