import type { RedditCommentRow } from '../../../storage/reddit/reddit-comment';
import type { RedditPostRow } from '../../../storage/reddit/reddit-post';
import type { SearchHit } from '../../../storage/reddit/reddit-search';
import type { Fragment } from '../../../storage/reddit/search-highlights';
import type { SearchBody, SubredditStatsBody } from '../../schemas/reddit-insight-schemas';
import type { SubredditReport } from '../../../storage/reddit/subreddit-report';
import type { CommentBody, PostBody } from '../../schemas/reddit-schemas';

export function presentPost(row: RedditPostRow): PostBody {
  return {
    id: row.id,
    title: row.title,
    author: row.author,
    subreddit: row.subreddit,
    subreddit_subscribers: row.subredditSubscribers,
    content: row.content,
    url: row.url,
    domain: row.domain,
    media: row.media,
    score: row.score,
    is_score_hidden: row.isScoreHidden,
    upvote_ratio: row.upvoteRatio,
    num_comments: row.numComments,
    flair_text: row.flairText,
    is_self: row.isSelf,
    is_nsfw: row.isNsfw,
    is_spoiler: row.isSpoiler,
    reddit_created_at: row.redditCreatedAt.toISOString(),
    scraped_at: row.scrapedAt.toISOString(),
    is_deleted: row.isDeleted,
    is_sandbox: row.isSandbox,
    language: row.language ?? 'simple',
    edited_at: row.editedAt?.toISOString() ?? null,
  };
}

export function presentComment(row: RedditCommentRow): CommentBody {
  return {
    id: row.id,
    post_id: row.postId,
    author: row.author,
    body: row.body,
    subreddit: row.subreddit,
    parent_id: row.parentId,
    depth: row.depth,
    is_submitter: row.isSubmitter,
    score: row.score,
    is_score_hidden: row.isScoreHidden,
    controversiality: row.controversiality,
    reddit_created_at: row.redditCreatedAt.toISOString(),
    scraped_at: row.scrapedAt.toISOString(),
    is_deleted: row.isDeleted,
    is_sandbox: row.isSandbox,
    language: row.language ?? 'simple',
    edited_at: row.editedAt?.toISOString() ?? null,
  };
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
const toHtml = (fragment: Fragment) =>
  fragment.map(({ text, isMatch }) => (isMatch ? `<mark>${escapeHtml(text)}</mark>` : escapeHtml(text))).join('');

export function presentHit(hit: SearchHit): SearchBody['items'][number] {
  return {
    kind: hit.kind,
    id: hit.id,
    post_id: hit.postId,
    title: hit.title,
    subreddit: hit.subreddit,
    author: hit.author,
    score: hit.score,
    is_nsfw: hit.isNsfw,
    is_sandbox: hit.isSandbox,
    language: hit.language ?? 'simple',
    reddit_created_at: hit.redditCreatedAt.toISOString(),
    rank: hit.rank,
    highlights: { title: hit.markedTitle && toHtml(hit.markedTitle), fragments: hit.fragments.map(toHtml) },
  };
}

export function presentReport(
  { subreddit, posts, comments, topAuthors, days }: SubredditReport,
  periodDays: number,
): SubredditStatsBody {
  return {
    subreddit,
    period_days: periodDays,
    posts: {
      total_count: posts.totalCount,
      avg_score: posts.avgScore,
      max_score: posts.maxScore,
      avg_comments_per_post: posts.avgCommentsPerPost,
    },
    comments: { total_count: comments.totalCount, avg_score: comments.avgScore, max_score: comments.maxScore },
    top_authors: topAuthors.map(({ author, commentCount, avgScore }) => ({
      author,
      comment_count: commentCount,
      avg_score: avgScore,
    })),
    days,
  };
}
