import type { RedditComment, RedditPost } from '../../platform/reddit/reddit-client';

/** What stands in place of a text: its author took it away, or moderators did. */
export const MARKERS = ['[deleted]', '[removed]'] as const;
export type Marker = (typeof MARKERS)[number];

const markerOf = (text: string | null): Marker => (text === '[removed]' ? '[removed]' : '[deleted]');

/** Of what is gone nothing that anybody wrote is stored; its place stays, since replies hang on it. */
export function scrubPost(post: RedditPost): RedditPost {
  if (!post.isDeleted) return post;
  const marker = markerOf(post.content);
  return { ...post, title: marker, content: marker, author: '[deleted]', url: null, domain: null, flairText: null };
}

export function scrubComment(comment: RedditComment): RedditComment {
  return comment.isDeleted
    ? { ...comment, body: markerOf(comment.body), author: '[deleted]', isSubmitter: false }
    : comment;
}
