import { isRefusal } from '../reddit-scrape/lane-context';
import type { InfoAnswer, RedditClient } from '../../platform/reddit/reddit-client';
import type { ContentCheck, AuthoredFields, DueContent } from '../ports/deletion-store';

/** The most ids that `/api/info` accepts. */
export const IDS_A_REQUEST = 100;

/** Subreddits that Reddit does not show (in lower case), with the reason it gives. */
export type WithheldSubreddits = Map<string, string>;

function checksIn({ posts, comments }: InfoAnswer): ContentCheck[] {
  type Shown = { isDeleted: boolean; isUnavailable?: boolean };
  const check = (fullname: string, { isDeleted, isUnavailable }: Shown, found: AuthoredFields): ContentCheck => {
    if (isUnavailable) return { fullname, state: 'unreadable' };
    return isDeleted
      ? { fullname, state: 'gone', marker: found.text === '[removed]' ? '[removed]' : '[deleted]' }
      : { fullname, state: 'there', ...found };
  };
  return [
    ...posts.map((post) => {
      const { title, content: text, author, url, domain, flairText, media, editedAt } = post;
      return check(`t3_${post.id}`, post, {
        title,
        text,
        author,
        isSubmitter: false,
        url,
        domain,
        flairText,
        media,
        editedAt,
      });
    }),
    ...comments.map((comment) => {
      const { body: text, author, isSubmitter, editedAt } = comment;
      return check(`t1_${comment.id}`, comment, {
        title: null,
        text,
        author,
        isSubmitter,
        url: null,
        domain: null,
        flairText: null,
        media: null,
        editedAt,
      });
    }),
  ];
}

/**
 * Checks subreddits that are missing from an answer. Reddit silently leaves out the content of private, banned and
 * quarantined subreddits, so it would look deleted.
 */
async function noteWithheld(
  reddit: Pick<RedditClient, 'getSubreddit'>,
  missing: Set<string>,
  withheld: WithheldSubreddits,
  signal: AbortSignal,
): Promise<void> {
  for (const name of missing) {
    try {
      await reddit.getSubreddit(name, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      withheld.set(name, (error as Error).message);
    }
  }
}

/** An item that is missing from an answer is gone, unless it may be among the answer's unreadable items. */
const missingCheck = (fullname: string, malformed: number): ContentCheck =>
  malformed > 0 ? { fullname, state: 'unreadable' } : { fullname, state: 'gone', marker: '[deleted]' };

/**
 * Compares stored content with Reddit. Missing content counts as deleted only if the answer is reliable: an answer with
 * unreadable items, or an empty one, is requested once more, and what stays unreadable is left unchanged. Content of
 * withheld subreddits is left unchanged; they are added to `withheld`, so that later batches do not request them.
 */
export async function checkBatch(
  reddit: Pick<RedditClient, 'getInfo' | 'getSubreddit'>,
  due: DueContent[],
  withheld: WithheldSubreddits,
  signal: AbortSignal,
): Promise<ContentCheck[]> {
  const found = new Map<string, ContentCheck>();
  const missing = () => due.filter(({ fullname, subreddit }) => !found.has(fullname) && !withheld.has(subreddit));
  const ask = async (wanted: DueContent[]) => {
    const names = wanted.map(({ fullname }) => fullname);
    const answer = await reddit.getInfo(names, signal);
    for (const check of checksIn(answer)) if (names.includes(check.fullname)) found.set(check.fullname, check);
    return answer.malformed;
  };
  let malformed = missing().length > 0 ? await ask(missing()) : 0;
  const shown = new Set(due.filter(({ fullname }) => found.has(fullname)).map(({ subreddit }) => subreddit));
  await noteWithheld(
    reddit,
    new Set(
      missing()
        .map(({ subreddit }) => subreddit)
        .filter((name) => !shown.has(name)),
    ),
    withheld,
    signal,
  );
  if (missing().length > 0 && (malformed > 0 || found.size === 0)) malformed = await ask(missing());
  return due.map(({ fullname, subreddit }): ContentCheck => {
    const reason = withheld.get(subreddit);
    return (
      found.get(fullname) ??
      (reason === undefined ? missingCheck(fullname, malformed) : { fullname, state: 'withheld', subreddit, reason })
    );
  });
}
