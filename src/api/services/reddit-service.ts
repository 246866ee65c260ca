import { NotFoundError } from '../errors';
import type { RedditContentRepository } from '../../storage/reddit-content-repository';
import type { RedditCommentRow } from '../../storage/models/reddit-comment';
import type { RedditPostRow } from '../../storage/models/reddit-post';
import type { CommentBody, ContentQuery, PostBody } from '../schemas/reddit-schemas';
import type { ListPage } from './execution-service';

const pageQuery = ({ min_score: minScore, ...query }: ContentQuery) => ({ ...query, minScore });

function presentPost(row: RedditPostRow): PostBody {
  return {
    id: row.id,
    title: row.title,
    author: row.author,
    subreddit: row.subreddit,
    subreddit_subscribers: row.subredditSubscribers,
    content: row.content,
    url: row.url,
    domain: row.domain,
    score: row.score,
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
    edited_at: row.editedAt?.toISOString() ?? null,
  };
}

function presentComment(row: RedditCommentRow): CommentBody {
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
    controversiality: row.controversiality,
    reddit_created_at: row.redditCreatedAt.toISOString(),
    scraped_at: row.scrapedAt.toISOString(),
    is_deleted: row.isDeleted,
    is_sandbox: row.isSandbox,
    edited_at: row.editedAt?.toISOString() ?? null,
  };
}

export type RedditService = ReturnType<typeof createRedditService>;

/** Scraped content, for every signed-in user. */
export function createRedditService({ content }: { content: RedditContentRepository }) {
  async function getPost(id: string): Promise<PostBody> {
    const row = await content.getPost(id);
    if (!row) throw new NotFoundError('Post not found');
    return presentPost(row);
  }

  return {
    getPost,

    async listPosts(query: ContentQuery): Promise<ListPage<PostBody>> {
      const { rows, nextCursor } = await content.listPosts(pageQuery(query));
      return { items: rows.map(presentPost), nextCursor };
    },

    async listPostComments(postId: string, query: ContentQuery): Promise<ListPage<CommentBody>> {
      const { rows, nextCursor } = await content.listPostComments(postId, pageQuery(query));
      // A post without comments is an empty list; only an unknown one is not found.
      if (rows.length === 0) await getPost(postId);
      return { items: rows.map(presentComment), nextCursor };
    },

    async listComments(query: ContentQuery): Promise<ListPage<CommentBody>> {
      const { rows, nextCursor } = await content.listComments(pageQuery(query));
      return { items: rows.map(presentComment), nextCursor };
    },
  };
}
