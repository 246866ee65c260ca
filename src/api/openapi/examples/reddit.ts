import type { z } from 'zod';
import type { commentSearchBody, SearchBody } from '../../schemas/reddit-insight-schemas';
import type { PostBody } from '../../schemas/reddit-schemas';
import { AT, type Examples } from './example';

const post = {
  id: '1b2c3d',
  title: 'TypeScript 6 is out',
  author: 'someone',
  subreddit: 'typescript',
  subreddit_subscribers: 170_000,
  content: null,
  url: 'https://example.org/',
  domain: 'example.org',
  score: 512,
  upvote_ratio: 0.97,
  num_comments: 80,
  flair_text: null,
  is_self: false,
  is_nsfw: false,
  is_spoiler: false,
  reddit_created_at: AT,
  scraped_at: AT,
  is_deleted: false,
  is_sandbox: false,
  language: 'english',
  edited_at: null,
  media: null,
  is_score_hidden: false,
} satisfies PostBody;

export const redditExamples: Examples = {
  'get /api/v1/reddit/posts': { answer: [post] },
  'get /api/v1/reddit/search': {
    answer: {
      total: 1,
      is_total_capped: false,
      hint: null,
      items: [
        {
          kind: 'comment',
          id: 'k1x2y3',
          post_id: post.id,
          title: post.title,
          subreddit: 'typescript',
          author: 'someone',
          score: 12,
          is_nsfw: false,
          is_sandbox: false,
          language: 'english',
          reddit_created_at: AT,
          rank: 0.12,
          highlights: { title: null, fragments: ['I use <mark>type</mark> <mark>guards</mark> &amp; nothing else'] },
        },
      ],
    } satisfies SearchBody,
  },
  'post /api/v1/reddit/posts/search': {
    request: { query: 'type guard', subreddits: ['typescript'], days: 30 } satisfies z.input<typeof commentSearchBody>,
  },
  'post /api/v1/reddit/comments/search': {
    request: { query: 'type guard', subreddits: ['typescript'], days: 30 } satisfies z.input<typeof commentSearchBody>,
  },
};
