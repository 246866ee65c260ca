import { z } from 'zod';
import { count, datetime } from './common-schemas';
import { contentLanguage } from './reddit-schemas';
import { CONTENT_LANGUAGES } from '../../shared/content-languages';
import { boolean, cursor, inOrder, instant, integer, limit, subredditName } from './request-values';

const list = <Item extends z.ZodType>(item: Item, most: number) =>
  z.preprocess(
    (given) => (given === undefined || Array.isArray(given) ? given : [given]),
    z.array(item).min(1).max(most).optional(),
  );

// Regular expression engines disagree on which characters are white space, so the doubtful ones are listed.
// eslint-disable-next-line no-control-regex
const NOT_BLANK = /[^\s\u001c-\u001f\u0085\ufeff]/;

/** Strict, so that `page` and `offset` are refused instead of ignored: the list is paged by cursor. */
export const searchQuery = z
  .strictObject({
    q: z
      .string()
      .min(1)
      .max(500)
      .regex(NOT_BLANK)
      .describe(
        'As one types into a search engine: words, "a phrase", or, -not. Not blank; of stop words alone ' +
          '("the", "and") nothing is found, and `hint` says so',
      ),
    kind: z.enum(['post', 'comment', 'all']).default('all'),
    language: z
      .enum(CONTENT_LANGUAGES)
      .optional()
      .describe(
        'That of the words in q: they are stemmed by it, and its stop words are left out; `simple` stems no word but ' +
          'English and Russian ones, as always. Without it, words are stemmed in every language of the content. ' +
          'It is no filter',
      ),
    subreddit: list(subredditName, 50).describe('With or without "r/", in any case; repeat it for several'),
    author: z.string().min(1).max(100).optional().describe('In any case'),
    min_score: integer(z.int32().optional()),
    since: instant.optional().describe('Written at or after'),
    until: instant.optional().describe('Written before'),
    nsfw: boolean(z.boolean().optional()).describe('A comment is as its post'),
    limit: limit(100, 25),
    cursor,
  })
  .refine(...inOrder('since', 'until'));
export type SearchParams = z.infer<typeof searchQuery>;

const html = z
  .string()
  .describe('Safe to show as HTML: the text is escaped, and has no other tag than <mark> around what matches');
export const searchAnswer = z
  .object({
    total: count.describe('Matches that were ranked'),
    is_total_capped: z
      .boolean()
      .describe('There are more: of posts and of comments the newest 2,000 matches each are ranked'),
    hint: z.string().nullable().describe('Why nothing can be found: q has no word to look for. Null otherwise'),
    items: z.array(
      z.object({
        kind: z.enum(['post', 'comment']),
        id: z.string(),
        post_id: z.string(),
        title: z.string().describe('Of a comment, that of its post'),
        subreddit: z.string(),
        author: z.string().nullable(),
        score: z.int(),
        is_nsfw: z.boolean(),
        is_sandbox: z.boolean(),
        language: contentLanguage,
        reddit_created_at: datetime,
        rank: z
          .number()
          .describe('ts_rank_cd: how near the words stand together, a title counting for more, long texts for less'),
        highlights: z.object({
          title: html.nullable().describe('Of a post, all of its title, as HTML like the fragments'),
          fragments: z.array(html).describe('From the text'),
        }),
      }),
    ),
  })
  .meta({ id: 'RedditSearch' });
export type SearchBody = z.infer<typeof searchAnswer>;

export const commentSearchBody = z.object({
  query: z
    .string()
    .min(1)
    .max(500)
    .describe('Stands somewhere in the comment, in any case; no character of it has a meaning of its own'),
  subreddits: z.array(subredditName).max(50).optional().describe('With or without "r/", in any case'),
  min_score: integer(z.int32().default(0)),
  days: integer(z.int().min(1).max(36_500).optional()).describe('Written in the last so many days'),
  limit: limit(500, 100),
});
export type CommentSearchBody = z.infer<typeof commentSearchBody>;

export const postSearchBody = commentSearchBody.extend({
  query: commentSearchBody.shape.query.describe(
    'Stands somewhere in the title or the content, in any case; no character of it has a meaning of its own',
  ),
});

export const subredditParams = z.object({ name: subredditName.describe('With or without "r/", in any case') });
export const subredditStatsQuery = z.object({
  days: integer(z.int().min(1).max(365).default(30)).describe('Days in UTC, today being the last of them'),
});
export const subredditStats = z
  .object({
    subreddit: z.string(),
    period_days: z.int(),
    posts: z.object({
      total_count: count,
      avg_score: z.number(),
      max_score: z.int(),
      avg_comments_per_post: z.number(),
    }),
    comments: z.object({ total_count: count, avg_score: z.number(), max_score: z.int() }),
    top_authors: z
      .array(z.object({ author: z.string(), comment_count: count, avg_score: z.number() }))
      .describe('At most ten, by their comments; deleted authors are none'),
    days: z.array(z.object({ date: z.iso.date(), posts: count, comments: count })),
  })
  .meta({ id: 'SubredditStats' });
export type SubredditStatsBody = z.infer<typeof subredditStats>;

export const historyQuery = z
  .object({
    from: instant.optional().describe('Noted at or after'),
    to: instant.optional().describe('Noted before'),
    limit: limit(5_000, 500),
    cursor,
  })
  .refine(...inOrder('from', 'to'));
export type HistoryQuery = z.infer<typeof historyQuery>;
export const postSnapshot = z
  .object({ taken_at: datetime, score: z.int(), upvote_ratio: z.number().nullable(), num_comments: z.int() })
  .meta({ id: 'PostSnapshot' });
export type PostSnapshotBody = z.infer<typeof postSnapshot>;
