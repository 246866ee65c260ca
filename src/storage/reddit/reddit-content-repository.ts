import type { QueryBuilder } from 'objection';
import { RedditCommentRow } from './reddit-comment';
import { RedditPostRow } from './reddit-post';
import { toKnexBindings } from '../sql/rows';
import { pageOf } from '../sql/page-cursor';
import { readCursor, writeCursor, type SortKey } from './reddit-content-cursor';
import { contentStats } from './reddit-content-stats';
import { listSnapshots } from './post-history';
import { scrubComment, scrubPost } from './reddit-content-scrub';
import { COMMENTS, POSTS, upsert } from './reddit-content-upsert';
import { substringMatches, type SubstringQuery } from './content-substrings';
import { createLanguageTeller } from './content-language';
import { searchContent, type SearchQuery } from './reddit-search';
import { readSearchWords } from './search-words';
import { reportSubreddit } from './subreddit-report';
import type { Database } from '../../platform/postgres/postgres';
import type { SubredditLanguages } from '../../shared/content-languages';
import type { RedditComment, RedditPost } from '../../platform/reddit/reddit-client';
import type { UpsertCounts, UpsertOptions } from '../../tasks/ports/content-store';

export interface ContentFilters {
  /** In any case. */
  subreddit?: string;
  minScore?: number;
  /** By the time of writing on Reddit: since ≤ time < until. */
  since?: Date;
  until?: Date;
  /** Of comments, whether their post is. */
  nsfw?: boolean;
  /** In the syntax of search engines: words, "a phrase", or, -not. */
  q?: string;
}
export interface PageQuery extends ContentFilters {
  limit: number;
  cursor?: string;
}
export interface Page<Row> {
  items: Row[];
  /** Null on the last page. */
  nextCursor: string | null;
}
type Row = RedditPostRow | RedditCommentRow;

const COLUMNS = {
  reddit_posts: [...POSTS.columns.map((column) => column.name), 'id', 'is_sandbox', 'first_seen_at', 'scraped_at'],
  reddit_comments: [
    ...COMMENTS.columns.map((column) => column.name),
    'id',
    'is_sandbox',
    'first_seen_at',
    'scraped_at',
  ],
};

const BEST_FIRST = [
  { column: 'score', order: 'desc' },
  { column: 'reddit_created_at', order: 'desc' },
  { column: 'id', order: 'desc' },
] as const;

export type RedditContentRepository = ReturnType<typeof createRedditContentRepository>;

/** `languages`: what an operator has set. Content of other subreddits is told by its text. */
export function createRedditContentRepository(database: Database, languages: SubredditLanguages = new Map()) {
  const posts = RedditPostRow.bindKnex(database);
  const comments = RedditCommentRow.bindKnex(database);
  const selectPosts = () => posts.query().select(COLUMNS.reddit_posts);
  const selectComments = () => comments.query().select(COLUMNS.reddit_comments);

  function filterNsfwComments(query: QueryBuilder<RedditCommentRow>, nsfw: boolean | undefined) {
    if (nsfw !== undefined)
      query.whereExists(posts.query().whereColumn('reddit_posts.id', 'reddit_comments.post_id').where('is_nsfw', nsfw));
  }

  return {
    async upsertPosts(items: RedditPost[], options: UpsertOptions): Promise<UpsertCounts> {
      const tellLanguage = await createLanguageTeller(languages);
      return upsert(database, POSTS, items.map(scrubPost), { ...options, tellLanguage });
    },
    stats: (subreddits: string[], isSandbox: boolean) => contentStats(database, subreddits, isSandbox),
    async upsertComments(items: RedditComment[], options: UpsertOptions): Promise<UpsertCounts> {
      const tellLanguage = await createLanguageTeller(languages);
      return upsert(database, COMMENTS, items.map(scrubComment), { ...options, tellLanguage });
    },

    async listPosts(query: PageQuery): Promise<Page<RedditPostRow>> {
      const found = selectPosts();
      if (query.nsfw !== undefined) found.where('is_nsfw', query.nsfw);
      return readPage(database, found, query, 'redditCreatedAt');
    },

    search: (query: SearchQuery) => searchContent(database, query),
    report: (query: { name: string; days: number }) => reportSubreddit(database, query),
    listSnapshots: (query: Parameters<typeof listSnapshots>[1]) => listSnapshots(database, query),

    /** By depth, then the best first, so that a parent always comes before its replies. */
    async listForTree(postId: string, most: number): Promise<RedditCommentRow[]> {
      return selectComments()
        .where('post_id', postId)
        .orderBy([{ column: 'depth' }, { column: 'score', order: 'desc' }, { column: 'id' }])
        .limit(most);
    },

    /** Comments that contain the text, in any case, the best first. */
    async findComments(query: SubstringQuery): Promise<RedditCommentRow[]> {
      const { sql, bindings } = await substringMatches(database, 'reddit_comments', query);
      return selectComments()
        .whereRaw(`id in (${sql})`, toKnexBindings(bindings))
        .orderBy([...BEST_FIRST]);
    },

    /** Posts that contain the text in title or content, in any case, the best first. */
    async findPosts(query: SubstringQuery): Promise<RedditPostRow[]> {
      const { sql, bindings } = await substringMatches(database, 'reddit_posts', query);
      return selectPosts()
        .whereRaw(`id in (${sql})`, toKnexBindings(bindings))
        .orderBy([...BEST_FIRST]);
    },

    async getPost(id: string): Promise<RedditPostRow | undefined> {
      return selectPosts().findById(id);
    },

    /** The best first. */
    async listPostComments(postId: string, query: PageQuery): Promise<Page<RedditCommentRow>> {
      const found = selectComments().where('post_id', postId);
      filterNsfwComments(found, query.nsfw);
      return readPage(database, found, query, 'score');
    },

    async listComments(query: PageQuery): Promise<Page<RedditCommentRow>> {
      const found = selectComments();
      filterNsfwComments(found, query.nsfw);
      return readPage(database, found, query, 'redditCreatedAt');
    },
  };
}

async function readPage<Found extends Row>(
  database: Database,
  found: QueryBuilder<Found, Found[]>,
  query: PageQuery,
  sortKey: SortKey,
): Promise<Page<Found>> {
  if (query.subreddit !== undefined) found.whereRaw('lower(subreddit) = lower(?)', [query.subreddit]);
  if (query.minScore !== undefined) found.where('score', '>=', query.minScore);
  if (query.since) found.where('reddit_created_at', '>=', query.since);
  if (query.until) found.where('reddit_created_at', '<', query.until);
  if (query.q !== undefined) {
    const { tsquery } = await readSearchWords(database, query.q);
    found.whereRaw('search @@ cast(? as tsquery)', [tsquery]);
  }
  const column = sortKey === 'score' ? 'score' : 'reddit_created_at';
  if (query.cursor !== undefined) {
    const { key, id } = readCursor(sortKey, query.cursor);
    found.whereRaw('(??, id) < (?, ?)', [column, sortKey === 'score' ? key : new Date(key), id]);
  }
  const rows = await found
    .orderBy([
      { column, order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(query.limit + 1);
  return pageOf(rows, query.limit, (last) => writeCursor(sortKey, { key: Number(last[sortKey]), id: last.id }));
}
