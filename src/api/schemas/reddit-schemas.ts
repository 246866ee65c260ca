import { z } from 'zod';
import { count, datetime, jsonObject } from './common-schemas';
import { CONTENT_LANGUAGES } from '../../shared/content-languages';
import { boolean, cursor, instant, integer, limit, subredditName } from './request-values';

const filters = {
  subreddit: subredditName.optional().describe('With or without "r/", in any case'),
  min_score: integer(z.int32().optional()),
  since: instant.optional().describe('Written at or after'),
  until: instant.optional().describe('Written before'),
  nsfw: boolean(z.boolean().optional()).describe('A comment is as its post'),
  q: z.string().min(1).max(500).optional().describe('Full text: words, "a phrase", or, -not'),
  cursor,
};
export const postsQuery = z.object({ limit: limit(500, 100), ...filters });
export const postCommentsQuery = z.object({ limit: limit(500, 100), ...filters });
export const commentsQuery = z.object({ limit: limit(1_000, 500), ...filters });
export const postParams = z.object({ post_id: z.string().min(1).max(50) });
export type ContentQuery = z.infer<typeof postsQuery>;

export const contentLanguage = z
  .string()
  .describe(
    'Set for the subreddit, else detected in the text. simple: another language, too short to tell, or not found out ' +
      `yet. One of ${CONTENT_LANGUAGES.join(', ')}`,
  );
const marks = {
  is_deleted: z.boolean(),
  is_sandbox: z.boolean().describe('Made up by the Reddit sandbox'),
  language: contentLanguage,
  edited_at: datetime.nullable(),
  is_score_hidden: z.boolean().describe('Reddit did not show the score yet; `score` is no measure then'),
};
const media = jsonObject
  .nullable()
  .describe('What a crosspost, a gallery or a poll is made of: `crosspost`, `gallery`, `poll`; null for other posts');

export const post = z
  .object({
    id: z.string(),
    title: z.string(),
    author: z.string().nullable(),
    subreddit: z.string(),
    subreddit_subscribers: z.int().nullable(),
    content: z.string().nullable(),
    url: z.string().nullable(),
    domain: z.string().nullable(),
    score: z.int(),
    upvote_ratio: z.number().nullable(),
    num_comments: z.int(),
    flair_text: z.string().nullable(),
    is_self: z.boolean(),
    is_nsfw: z.boolean(),
    is_spoiler: z.boolean(),
    reddit_created_at: datetime,
    scraped_at: datetime,
    media,
    ...marks,
  })
  .meta({ id: 'RedditPost' });
export type PostBody = z.infer<typeof post>;

export const comment = z
  .object({
    id: z.string(),
    post_id: z.string(),
    author: z.string().nullable(),
    body: z.string(),
    subreddit: z.string(),
    parent_id: z.string().nullable().describe('With prefix: t1_ a comment, t3_ the post'),
    depth: z.int(),
    is_submitter: z.boolean(),
    score: z.int(),
    controversiality: z.int(),
    reddit_created_at: datetime,
    scraped_at: datetime,
    ...marks,
  })
  .meta({ id: 'RedditComment' });
export type CommentBody = z.infer<typeof comment>;

export const redditBudget = z
  .object({
    is_shared: z
      .boolean()
      .describe('Always true: all processes keep to one budget, in Redis or, where there is none, in PostgreSQL'),
    source: z
      .enum(['headers', 'default'])
      .describe("headers: from Reddit's answers. default: what REDDIT_REQUESTS_PER_MINUTE allows"),
    limit: z.int().describe('Requests in the present window'),
    used: z.int().describe('Those made, or set aside for requests under way'),
    remaining: z.int(),
    resets_at: datetime,
    closed_until: datetime.nullable().describe('Reddit answered 429: no requests until then'),
    last_minute: count.describe('Requests of the last minute'),
    waiting: count.describe('Callers in line'),
    deferred: count.describe('Runs that return when it is their turn'),
    processes_waiting: count,
    by_config: z.array(
      z.object({
        config_id: z.int().nullable(),
        name: z.string().nullable(),
        waiting: count,
        deferred: count,
        last_minute: count,
      }),
    ),
  })
  .meta({ id: 'RedditBudget' });
export type RedditBudgetBody = z.infer<typeof redditBudget>;
