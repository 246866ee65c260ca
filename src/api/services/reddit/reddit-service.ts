import { NotFoundError } from '../../errors';
import { daysAgo } from '../common/times';
import { nestComments } from './comment-tree';
import { presentComment, presentHit, presentPost, presentReport } from './reddit-presenter';
import type { RedditContentRepository } from '../../../storage/reddit/reddit-content-repository';
import type { CommentBody, ContentQuery, PostBody } from '../../schemas/reddit-schemas';
import type {
  CommentSearchBody,
  HistoryQuery,
  PostSnapshotBody,
  SearchBody,
  SearchParams,
  SubredditStatsBody,
} from '../../schemas/reddit-insight-schemas';
import type { CommentTreeBody, TreeQuery } from '../../schemas/reddit-tree-schemas';
import type { ListPage } from '../common/list-page';

/** Comments considered for one tree; beyond them the answer says `truncated`. */
const MAX_TREE_COMMENTS = 5_000;
const NO_SEARCHABLE_WORD =
  'q has no word to look for: words like "the" or "not" are in nearly every text and are left out, ' +
  'and so are signs. Add a rarer one';

const pageQuery = ({ min_score: minScore, ...query }: ContentQuery) => ({ ...query, minScore });

export type RedditService = ReturnType<typeof createRedditService>;

/** Reads and searches the stored content. */
export function createRedditService({ content }: { content: RedditContentRepository }) {
  async function getPost(id: string): Promise<PostBody> {
    const row = await content.getPost(id);
    if (!row) throw new NotFoundError('Post not found');
    return presentPost(row);
  }

  return {
    getPost,

    async listPosts(query: ContentQuery): Promise<ListPage<PostBody>> {
      const { items: rows, nextCursor } = await content.listPosts(pageQuery(query));
      return { items: rows.map(presentPost), nextCursor };
    },

    async listPostComments(postId: string, query: ContentQuery): Promise<ListPage<CommentBody>> {
      const { items: rows, nextCursor } = await content.listPostComments(postId, pageQuery(query));
      // An unknown post is a 404; a post without comments is an empty list.
      if (rows.length === 0) await getPost(postId);
      return { items: rows.map(presentComment), nextCursor };
    },

    async listComments(query: ContentQuery): Promise<ListPage<CommentBody>> {
      const { items: rows, nextCursor } = await content.listComments(pageQuery(query));
      return { items: rows.map(presentComment), nextCursor };
    },

    async search({
      kind,
      subreddit,
      min_score: minScore,
      ...query
    }: SearchParams): Promise<SearchBody & { nextCursor: string | null }> {
      const { hits, total, isCapped, isWordless, nextCursor } = await content.search({
        ...query,
        minScore,
        subreddits: subreddit,
        kinds: kind === 'all' ? ['post', 'comment'] : [kind],
      });
      return {
        total,
        is_total_capped: isCapped,
        hint: isWordless ? NO_SEARCHABLE_WORD : null,
        items: hits.map(presentHit),
        nextCursor,
      };
    },

    async searchComments({ query, min_score: minScore, days, ...rest }: CommentSearchBody): Promise<CommentBody[]> {
      const since = days === undefined ? undefined : daysAgo(days);
      return (await content.findComments({ ...rest, text: query, minScore, since })).map(presentComment);
    },

    async searchPosts({ query, min_score: minScore, days, ...rest }: CommentSearchBody): Promise<PostBody[]> {
      const since = days === undefined ? undefined : daysAgo(days);
      return (await content.findPosts({ ...rest, text: query, minScore, since })).map(presentPost);
    },

    async report(name: string, days: number): Promise<SubredditStatsBody> {
      const report = await content.report({ name, days });
      if (!report) throw new NotFoundError('Nothing of this subreddit is stored');
      return presentReport(report, days);
    },

    async tree(postId: string, limits: TreeQuery): Promise<CommentTreeBody> {
      const [, rows] = await Promise.all([getPost(postId), content.listForTree(postId, MAX_TREE_COMMENTS + 1)]);
      const { comments, shown, moreCount } = nestComments(
        rows.slice(0, MAX_TREE_COMMENTS),
        postId,
        limits,
        presentComment,
      );
      return {
        post_id: postId,
        sort: limits.sort,
        shown,
        more_count: moreCount,
        truncated: rows.length > MAX_TREE_COMMENTS,
        comments,
      };
    },

    async history(postId: string, query: HistoryQuery): Promise<ListPage<PostSnapshotBody>> {
      const { items: rows, nextCursor } = await content.listSnapshots({ ...query, postId });
      if (rows.length === 0) await getPost(postId);
      return {
        items: rows.map((row) => ({
          taken_at: row.takenAt.toISOString(),
          score: row.score,
          upvote_ratio: row.upvoteRatio,
          num_comments: row.numComments,
        })),
        nextCursor,
      };
    },
  };
}
