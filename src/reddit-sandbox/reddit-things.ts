import type { CommentTree, TreeItem } from './sandbox-comment-tree';
import type { RedditData, Thread } from './reddit-content';

export interface Thing {
  kind: string;
  data: Record<string, unknown> | null;
}

export const listing = (children: unknown[], cursor: { after?: string | null; before?: string | null } = {}) => ({
  kind: 'Listing',
  data: {
    modhash: null,
    dist: children.length,
    after: cursor.after ?? null,
    before: cursor.before ?? null,
    geo_filter: '',
    children,
  },
});

export const postThing = (data: RedditData): Thing => ({ kind: 't3', data });
export const commentThing = (data: RedditData, depth?: number, replies: Thing[] = []): Thing => ({
  kind: 't1',
  data: { ...data, replies: replies.length ? listing(replies) : '', ...(depth === undefined ? {} : { depth }) },
});

/** `link` is the post's fullname. Stubs of some threads count 0 comments, whatever their children. */
export interface StubStyle {
  link: string;
  isUncounted: boolean;
}

function moreThing(
  stub: TreeItem & { kind: 'more' },
  nodes: Thread['nodes'],
  { link, isUncounted }: StubStyle,
  depth: number,
): Thing {
  const children = stub.children.map((index) => nodes[index]!.id);
  const id = children[0] ?? '_';
  const parentId = stub.parent < 0 ? link : `t1_${nodes[stub.parent]!.id}`;
  const count = isUncounted ? 0 : stub.count;
  return { kind: 'more', data: { id, name: `t1_${id}`, parent_id: parentId, count, depth, children } };
}

/** The tree in the form of a comments page: nested, with depths counted from the top of the page. */
export const nestedThings = (items: TreeItem[], thread: Thread, style: StubStyle, depth = 0): Thing[] =>
  items.map((item) =>
    item.kind === 'comment'
      ? commentThing(thread.comment(item.index), depth, nestedThings(item.replies, thread, style, depth + 1))
      : moreThing(item, thread.nodes, style, depth),
  );

/** The tree in the form of `morechildren`: a flat list, parents first, with depths counted from the post. */
export const flatThings = (items: TreeItem[], thread: Thread, tree: CommentTree, style: StubStyle): Thing[] =>
  items.flatMap((item) =>
    item.kind === 'comment'
      ? [
          commentThing(thread.comment(item.index), tree.depth[item.index]),
          ...flatThings(item.replies, thread, tree, style),
        ]
      : [moreThing(item, thread.nodes, style, item.parent < 0 ? 0 : tree.depth[item.parent]! + 1)],
  );

/** Without `raw_json=1` Reddit writes these three characters as entities in every string. */
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
export const stringifyEscaped = (payload: unknown): string =>
  JSON.stringify(payload, (_key, value: unknown) =>
    typeof value === 'string' ? value.replace(/[&<>]/g, (character) => ENTITIES[character]!) : value,
  );
