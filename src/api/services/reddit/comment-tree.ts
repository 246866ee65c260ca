import type { RedditCommentRow } from '../../../storage/reddit/reddit-comment';
import type { TreeNode, TreeSort } from '../../schemas/reddit-tree-schemas';
import type { CommentBody } from '../../schemas/reddit-schemas';

type Row = Pick<RedditCommentRow, 'id' | 'parentId' | 'score' | 'controversiality' | 'redditCreatedAt'>;
interface Node<R extends Row> {
  row: R;
  children: Node<R>[];
  isOrphan: boolean;
  isReached: boolean;
  /** Comments of its subtree, itself counted. */
  size: number;
}

const ORDERS: Record<TreeSort, (a: Row, b: Row) => number> = {
  top: (a, b) => b.score - a.score,
  new: (a, b) => b.redditCreatedAt.getTime() - a.redditCreatedAt.getTime(),
  old: (a, b) => a.redditCreatedAt.getTime() - b.redditCreatedAt.getTime(),
  // Reddit's own mark first, then those about whom as many were for it as against.
  controversial: (a, b) => b.controversiality - a.controversiality || Math.abs(a.score) - Math.abs(b.score),
};

/** All that hang on `tops`, parents before their replies. Lists and no recursion: threads are deeper than the stack. */
function reach<R extends Row>(tops: Node<R>[]): Node<R>[] {
  const reached = [...tops];
  for (const node of reached) {
    node.isReached = true;
    for (const child of node.children) reached.push(child);
  }
  return reached;
}

function arrange<R extends Row>(rows: R[], postId: string, sort: TreeSort): { roots: Node<R>[]; ordered: Node<R>[] } {
  const nodes = new Map(
    rows.map((row): [string, Node<R>] => [
      `t1_${row.id}`,
      { row, children: [], isOrphan: false, isReached: false, size: 1 },
    ]),
  );
  const roots: Node<R>[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.row.parentId ?? '');
    if (parent && parent !== node) parent.children.push(node);
    else {
      node.isOrphan = node.row.parentId !== null && node.row.parentId !== `t3_${postId}`;
      roots.push(node);
    }
  }
  const ordered = reach(roots);
  // What hangs on itself, by way of its own replies, is reached from nowhere: it is cut where it is found first.
  for (const node of nodes.values()) {
    if (node.isReached) continue;
    const parent = nodes.get(node.row.parentId ?? '');
    if (parent) parent.children = parent.children.filter((child) => child !== node);
    node.isOrphan = true;
    roots.push(node);
    for (const one of reach([node])) ordered.push(one);
  }
  const byRank = (a: Node<R>, b: Node<R>) => ORDERS[sort](a.row, b.row) || (a.row.id < b.row.id ? -1 : 1);
  roots.sort(byRank);
  for (const node of ordered) node.children.sort(byRank);
  for (let index = ordered.length - 1; index >= 0; index -= 1)
    for (const child of ordered[index]!.children) ordered[index]!.size += child.size;
  return { roots, ordered };
}

export interface TreeLimits {
  sort: TreeSort;
  /** Levels; 1 for the answers to the post alone. */
  depth: number;
  /** Replies shown of each comment, and of the post. */
  limit: number;
}

/** Nests a post's comments. Those beyond a limit are counted where they hang. */
export function nestComments<R extends Row>(
  rows: R[],
  postId: string,
  { sort, depth, limit }: TreeLimits,
  present: (row: R) => CommentBody,
): { comments: TreeNode[]; shown: number; moreCount: number } {
  const { roots } = arrange(rows, postId, sort);
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
