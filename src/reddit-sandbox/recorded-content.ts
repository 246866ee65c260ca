import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { orderPosts } from './listing-order';
import type {
  CommentData,
  CommentNode,
  PostData,
  RedditContent,
  RedditData,
  SandboxSubreddit,
  Thread,
} from './reddit-content';

const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function readLines<T>(folder: string, file: string): T[] {
  const path = join(folder, file);
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  } catch (cause) {
    throw new Error(`The recorded Reddit objects in ${path} cannot be read`, { cause });
  }
}

/** A minimal post for comments whose own post was not recorded. */
function standInPost(comment: CommentData, numComments: number): PostData {
  const id = comment.link_id.slice(3);
  const subreddit = String(comment.subreddit);
  return {
    id,
    name: `t3_${id}`,
    title: '[deleted]',
    author: '[deleted]',
    subreddit,
    subreddit_id: comment.subreddit_id,
    selftext: '[removed]',
    url: `https://www.reddit.com/r/${subreddit}/comments/${id}/`,
    permalink: `/r/${subreddit}/comments/${id}/`,
    domain: `self.${subreddit}`,
    is_self: true,
    over_18: false,
    spoiler: false,
    edited: false,
    score: 0,
    upvote_ratio: 0.5,
    num_comments: numComments,
    created_utc: comment.created_utc,
  };
}

/**
 * Puts parents before children. A comment whose parent was not recorded becomes an answer to the post, so that no
 * comment is lost.
 */
function arrangeThread(post: PostData, recorded: CommentData[]): Thread {
  const known = new Set(recorded.map((comment) => comment.name));
  const comments = recorded.map((comment) =>
    known.has(comment.parent_id) ? comment : { ...comment, parent_id: post.name },
  );
  const answers = groupBy(comments, (comment) => comment.parent_id);
  const ordered = [...(answers.get(post.name) ?? [])];
  for (const comment of ordered) ordered.push(...(answers.get(comment.name) ?? []));
  const places = new Map(ordered.map((comment, place) => [comment.name, place]));
  const nodes = ordered.map((comment): CommentNode => ({
    id: comment.id,
    parent: places.get(comment.parent_id) ?? -1,
    score: number(comment.score, 1),
    createdAt: number(comment.created_utc, 0),
  }));
  return { nodes, comment: (index) => ordered[index]! };
}

function describeSubreddit(post: PostData): SandboxSubreddit {
  const fullname = String(post.subreddit_id);
  const about: RedditData = {
    id: fullname.slice(3),
    name: fullname,
    display_name: post.subreddit,
    display_name_prefixed: `r/${post.subreddit}`,
    title: post.subreddit,
    subscribers: post.subreddit_subscribers ?? null,
    over18: false,
    subreddit_type: 'public',
    url: `/r/${post.subreddit}/`,
    public_description: '',
    lang: 'en',
  };
  return { name: post.subreddit, access: 'public', about };
}

/**
 * Serves objects recorded from Reddit as they are: posts.ndjson and comments.ndjson of a folder. Time filters are
 * ignored, because the recorded posts are years old.
 */
export function createRecordedContent(folder: string): RedditContent {
  const posts = new Map(readLines<PostData>(folder, 'posts.ndjson').map((post) => [post.id, post]));
  const threads = new Map<string, Thread>();
  const commentsOf = groupBy(readLines<CommentData>(folder, 'comments.ndjson'), (comment) => comment.link_id.slice(3));
  for (const [postId, comments] of commentsOf) {
    const post = posts.get(postId) ?? standInPost(comments[0]!, comments.length);
    posts.set(postId, post);
    threads.set(postId, arrangeThread(post, comments));
  }
  const bySubreddit = groupBy(posts.values(), (post) => post.subreddit.toLowerCase());
  const subreddits = new Map([...bySubreddit].map(([name, group]) => [name, describeSubreddit(group[0]!)]));
  const comments = new Map(
    [...threads.values()].flatMap((thread) =>
      thread.nodes.map((node, index) => [node.id, thread.comment(index)] as const),
    ),
  );
  const newest = [...posts.values()].reduce((latest, post) => Math.max(latest, number(post.created_utc, 0)), 0);

  return {
    kind: 'recorded',
    subredditNames: () => [...subreddits.values()].map(({ name }) => name),
    subreddit: (name) => subreddits.get(name.toLowerCase()),
    listing(name, sort) {
      const summaries = (bySubreddit.get(name.toLowerCase()) ?? []).map((post) => ({
        id: post.id,
        createdAt: number(post.created_utc, 0),
        score: number(post.score, 0),
        upvoteRatio: number(post.upvote_ratio, 0.5),
        numComments: number(post.num_comments, 0),
      }));
      return orderPosts(summaries, sort, 'all', newest);
    },
    post: (id) => posts.get(id),
    thread: (postId) =>
      threads.get(postId) ??
      (posts.has(postId)
        ? {
            nodes: [],
            comment: () => {
              throw new RangeError('no comments');
            },
          }
        : undefined),
    comment: (id) => comments.get(id),
  };
}
