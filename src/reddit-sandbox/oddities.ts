import { z } from 'zod';
import type { Thing } from './reddit-things';

/**
 * What Reddit's answers sometimes have and should not, each of one thing:
 * - `left-out-of-more`: `morechildren` leaves the comment out; pages show it.
 * - `left-out`: no answer shows the comment, though stubs name it.
 * - `stub-of-itself`: `morechildren` answers a stub that names the comment again, and pages leave it out.
 * - `page-missing`: the comment's page is answered with 404.
 * - `page-spoilt`: the comment's page is cut off in the middle.
 * - `more-of-post`: the post's tree has a stub without children that continues at the post itself.
 * - `uncounted-stubs`: the stubs of the post's thread count 0 comments, whatever their children.
 * - `circle`: the page of the comment has a stub that continues at the comment itself.
 */
const ODDITIES = [
  'left-out-of-more',
  'left-out',
  'stub-of-itself',
  'page-missing',
  'page-spoilt',
  'more-of-post',
  'uncounted-stubs',
  'circle',
] as const;
export type Oddity = (typeof ODDITIES)[number];

export const oddityChange = z.strictObject({
  name: z.string().regex(/^t[13]_[0-9a-z]+$/),
  /** Null makes the thing an ordinary one again. */
  oddity: z.enum(ODDITIES).nullable(),
});

export function createOddities() {
  const oddities = new Map<string, Oddity>();
  const isHidden = (thing: Thing) =>
    thing.kind === 't1' && ['left-out', 'stub-of-itself'].includes(oddities.get(nameOf(thing)) ?? '');

  /** The things of an answer, without those that no answer shows. */
  function shown(things: Thing[]): Thing[] {
    return things
      .filter((thing) => !isHidden(thing))
      .map((thing) => {
        const replies = thing.data?.replies as { data: { children: Thing[] } } | '' | undefined;
        if (!replies) return thing;
        const children = shown(replies.data.children);
        return { ...thing, data: { ...thing.data, replies: { ...replies, data: { ...replies.data, children } } } };
      });
  }

  return {
    change({ name, oddity }: z.infer<typeof oddityChange>): void {
      if (oddity === null) oddities.delete(name);
      else oddities.set(name, oddity);
    },
    of: (name: string): Oddity | undefined => oddities.get(name),
    /** The top of a page of comments; `focus` is the comment that it begins with. */
    onPage(things: Thing[], post: string, focus?: string): Thing[] {
      const found = shown(things);
      if (!focus && oddities.get(post) === 'more-of-post') found.push(stubOf(post, [], 0));
      if (focus && oddities.get(focus) === 'circle') found.push(stubOf(focus, [], 1));
      return found;
    },
    /** The answer of `morechildren`, with the stubs of those asked for that name themselves. */
    inMore(things: Thing[], asked: { name: string; parent: string }[]): Thing[] {
      const loops = asked.filter(({ name }) => oddities.get(name) === 'stub-of-itself');
      return [...shown(things), ...loops.map(({ name, parent }) => stubOf(parent, [name.slice(3)], 0))];
    },
    isLeftOutOfMore: (name: string) => oddities.get(name) === 'left-out-of-more',
  };
}

export type Oddities = ReturnType<typeof createOddities>;

const nameOf = (thing: Thing) => String(thing.data?.name);

const stubOf = (parent: string, children: string[], depth: number): Thing => ({
  kind: 'more',
  data: {
    id: children[0] ?? '_',
    name: `t1_${children[0] ?? '_'}`,
    parent_id: parent,
    count: children.length,
    depth,
    children,
  },
});
