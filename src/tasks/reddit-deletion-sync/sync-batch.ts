import type { InfoAnswer, RedditClient } from '../../platform/reddit/reddit-client';
import type { ContentCheck } from '../task-services';

/** What `/api/info` takes at once. */
export const IDS_A_REQUEST = 100;

function checksIn({ posts, comments }: InfoAnswer): ContentCheck[] {
  const check = (fullname: string, isDeleted: boolean, found: { title: string | null; text: string | null; author: string | null; isSubmitter: boolean }): ContentCheck =>
    isDeleted ? { fullname, state: 'gone', marker: found.text === '[removed]' ? '[removed]' : '[deleted]' } : { fullname, state: 'there', ...found };
  return [
    ...posts.map((post) => check(`t3_${post.id}`, post.isDeleted, { title: post.title, text: post.content, author: post.author, isSubmitter: false })),
    ...comments.map((comment) => check(`t1_${comment.id}`, comment.isDeleted, { title: null, text: comment.body, author: comment.author, isSubmitter: comment.isSubmitter })),
  ];
}

/**
 * What Reddit says of these. What it leaves out is gone, but only a sound answer can say so: one with items that cannot be
 * read, or with nothing in it at all, is asked for once more, and what stays unreadable is left as it is.
 */
export async function checkBatch(reddit: Pick<RedditClient, 'getInfo'>, fullnames: string[], signal: AbortSignal): Promise<ContentCheck[]> {
  const asked = new Set(fullnames);
  const found = new Map<string, ContentCheck>();
  const ask = async (names: string[]) => {
    const answer = await reddit.getInfo(names, signal);
    for (const check of checksIn(answer)) if (asked.has(check.fullname)) found.set(check.fullname, check);
    return answer.malformed;
  };
  const missing = () => fullnames.filter((name) => !found.has(name));
  let malformed = await ask(fullnames);
  if (missing().length > 0 && (malformed > 0 || found.size === 0)) malformed = await ask(missing());
  return [...found.values(), ...missing().map((fullname): ContentCheck => (malformed > 0 ? { fullname, state: 'unreadable' } : { fullname, state: 'gone', marker: '[deleted]' }))];
}
