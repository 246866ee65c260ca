import type { RedditComment, RedditPost } from '../../platform/reddit/reddit-client';

/** Stands in place of a text that its author deleted, or moderators removed. */
export const MARKERS = ['[deleted]', '[removed]'] as const;
export type Marker = (typeof MARKERS)[number];

const markerOf = (text: string | null): Marker => (text === '[removed]' ? '[removed]' : '[deleted]');

/** Deleted content keeps its place, because replies refer to it, and nothing that its author wrote. */
export function scrubPost(post: RedditPost): RedditPost {
  if (!post.isDeleted) return post;
  const marker = markerOf(post.content);
  return {
    ...post,
    title: marker,
    content: marker,
    author: '[deleted]',
    url: null,
    domain: null,
    flairText: null,
    media: null,
  };
}

export function scrubComment(comment: RedditComment): RedditComment {
  return comment.isDeleted
    ? { ...comment, body: markerOf(comment.body), author: '[deleted]', isSubmitter: false }
    : comment;
}
