import { z } from 'zod';
import { createOddities, oddityChange } from './oddities';
import {
  SUBREDDIT_ACCESS,
  type CommentData,
  type PostData,
  type RedditContent,
  type RedditData,
  type SandboxSubreddit,
} from './reddit-content';

/** What happens to a post (t3_) or comment (t1_) after it was written. `lose`: Reddit no longer knows the id at all. */
const thingChange = z.discriminatedUnion('change', [
  z.strictObject({
    name: z.string().regex(/^t[13]_[0-9a-z]+$/),
    change: z.enum(['delete', 'remove', 'lose', 'restore']),
  }),
  z.strictObject({ name: z.string().regex(/^t[13]_[0-9a-z]+$/), change: z.literal('edit'), text: z.string() }),
  /** Sets fields of the thing as they are given, whatever Reddit's would be. */
  z.strictObject({
    name: z.string().regex(/^t[13]_[0-9a-z]+$/),
    change: z.literal('set'),
    fields: z.record(z.string(), z.unknown()),
  }),
]);
type ThingChange = z.infer<typeof thingChange>;
/** What happens to a whole subreddit: who may see it from now on, where it is, and whether its listings ever end. */
const subredditChange = z.strictObject({
  subreddit: z.string().regex(/^\w+$/),
  access: z.enum(SUBREDDIT_ACCESS).optional(),
  movedTo: z.string().optional(),
  isCircular: z.boolean().optional(),
});
export const contentChangesSchema = z.array(z.union([thingChange, subredditChange, oddityChange]));
export type ContentChange = z.infer<typeof contentChangesSchema>[number];

const GONE: Record<'delete' | 'remove', { text: string; category: string }> = {
  delete: { text: '[deleted]', category: 'deleted' },
  remove: { text: '[removed]', category: 'moderator' },
};

const textField = (data: RedditData) => (data.name.startsWith('t3_') ? 'selftext' : 'body');

function withoutContent<Data extends RedditData>(data: Data, gone: { text: string; category: string }): Data {
  const field = textField(data);
  return {
    ...data,
    author: '[deleted]',
    author_fullname: undefined,
    [field]: gone.text,
    edited: false,
    ...(field === 'body' ? { is_submitter: false } : { removed_by_category: gone.category }),
  };
}

/** Wraps content so that single posts and comments can be deleted, removed, lost or edited; trees keep their shape. */
export function createChangeableContent(content: RedditContent, now: () => Date) {
  const changes = new Map<string, ThingChange & { at: number }>();
  const subreddits = new Map<string, Partial<SandboxSubreddit>>();
  const oddities = createOddities();
  const isLost = (name: string) => changes.get(name)?.change === 'lose';

  function changed<Data extends RedditData>(data: Data): Data {
    const change = changes.get(data.name);
    switch (change?.change) {
      case 'edit':
        return { ...data, [textField(data)]: change.text, edited: change.at };
      case 'set':
        return { ...data, ...change.fields };
      // A lost comment keeps its place in the tree, because its replies hang on it.
      case 'lose':
      case 'delete':
        return withoutContent(data, GONE.delete);
      case 'remove':
        return withoutContent(data, GONE.remove);
      case 'restore':
      case undefined:
        return data;
    }
  }
  const isListed = (id: string) => ['edit', 'set', undefined].includes(changes.get(`t3_${id}`)?.change);
  const known = <Data extends PostData | CommentData>(data: Data | undefined) =>
    data && !isLost(data.name) ? changed(data) : undefined;

  const changeable: RedditContent = {
    ...content,
    subreddit(name) {
      const subreddit = content.subreddit(name);
      return subreddit && { ...subreddit, ...subreddits.get(name.toLowerCase()) };
    },
    listing: (...query) => content.listing(...query).filter(isListed),
    post: (id) => known(content.post(id)),
    comment: (id) => known(content.comment(id)),
    thread(postId) {
      const thread = content.thread(postId);
      return thread && !isLost(`t3_${postId}`)
        ? { nodes: thread.nodes, comment: (index) => changed(thread.comment(index)) }
        : undefined;
    },
  };
  return {
    content: changeable,
    oddities,
    change: (list: ContentChange[]): void => {
      for (const one of list) {
        if ('oddity' in one) oddities.change(one);
        else if ('subreddit' in one) {
          const { subreddit, ...change } = one;
          const name = subreddit.toLowerCase();
          subreddits.set(name, { ...subreddits.get(name), ...change });
        } else if (one.change === 'restore') changes.delete(one.name);
        else changes.set(one.name, { ...one, at: Math.floor(now().getTime() / 1000) });
      }
    },
  };
}
