import type { Database } from '../../platform/postgres/postgres';

/** How far comments are read. A null depth means all levels. */
export interface ReadingLimits {
  commentsLimit: number;
  commentsDepth: number | null;
  expandMore: number;
}
export interface ThreadKnowledge extends ReadingLimits {
  postId: string;
  /** As Reddit told it when the thread was read. */
  numComments: number;
  /** Nothing was left folded within the depth. */
  isComplete: boolean;
  requests: number;
}
export interface Listing {
  subreddit: string;
  sort: string;
  isSandbox: boolean;
}
export interface Watermark extends ReadingLimits {
  postId: string;
  /** When that post was written. */
  createdAt: Date;
  postsLimit: number;
}

export type RedditScrapeRepository = ReturnType<typeof createRedditScrapeRepository>;

/** What scrapes remember of threads and listings. */
export function createRedditScrapeRepository(database: Database) {
  async function rowsOf<Row>(sql: string, bindings: Record<string, unknown>): Promise<Row[]> {
    return (await database.raw<{ rows: Row[] }>(sql, bindings as never)).rows;
  }
  const keyOf = ({ subreddit, sort, isSandbox }: Listing) => ({ subreddit: subreddit.toLowerCase(), sort, isSandbox });

  return {
    /** Answers which of these posts are this page's to deal with: those that no other page of the run has listed. Repeated, it answers the same. */
    async claimPosts(claim: {
      executionId: number;
      position: number;
      page: number;
      postIds: string[];
    }): Promise<string[]> {
      const rows = await rowsOf<{ id: string }>(
        `with wanted as (select distinct id from unnest(cast(:postIds as varchar(50)[])) as w(id)),
         claimed as (
           insert into reddit_scrape_posts as stored (execution_id, post_id, position, page) select :executionId, id, :position, :page from wanted order by id
           on conflict (execution_id, post_id) do nothing returning post_id
         )
         select post_id as id from claimed
         union select post_id from reddit_scrape_posts where execution_id = :executionId and post_id in (select id from wanted) and position = :position and page = :page`,
        claim,
      );
      return rows.map((row) => row.id);
    },

    async findThreads(postIds: string[]): Promise<ThreadKnowledge[]> {
      return rowsOf<ThreadKnowledge>(
        `select post_id as "postId", num_comments as "numComments", comments_limit as "commentsLimit", comments_depth as "commentsDepth", expand_more as "expandMore", is_complete as "isComplete", requests
         from reddit_threads where post_id = any(cast(:postIds as varchar(50)[]))`,
        { postIds },
      );
    },

    /** Of a post that is gone meanwhile nothing is kept. */
    async saveThread(thread: ThreadKnowledge): Promise<void> {
      await rowsOf(
        `insert into reddit_threads (post_id, num_comments, comments_limit, comments_depth, expand_more, is_complete, requests, read_at)
         select id, :numComments, :commentsLimit, cast(:commentsDepth as int), :expandMore, :isComplete, :requests, now() from reddit_posts where id = :postId for key share
         on conflict (post_id) do update set num_comments = excluded.num_comments, comments_limit = excluded.comments_limit, comments_depth = excluded.comments_depth,
           expand_more = excluded.expand_more, is_complete = excluded.is_complete, requests = excluded.requests, read_at = excluded.read_at`,
        { ...thread },
      );
    },

    async findWatermark(listing: Listing): Promise<Watermark | undefined> {
      const [row] = await rowsOf<Watermark>(
        `select w.post_id as "postId", p.reddit_created_at as "createdAt", w.posts_limit as "postsLimit", w.comments_limit as "commentsLimit", w.comments_depth as "commentsDepth", w.expand_more as "expandMore"
         from reddit_watermarks w join reddit_posts p on p.id = w.post_id where w.subreddit = :subreddit and w.sort = :sort and w.is_sandbox = :isSandbox`,
        keyOf(listing),
      );
      return row;
    },

    async saveWatermark(listing: Listing, watermark: Omit<Watermark, 'createdAt'>): Promise<void> {
      await rowsOf(
        `insert into reddit_watermarks (subreddit, sort, is_sandbox, post_id, posts_limit, comments_limit, comments_depth, expand_more, taken_at)
         select :subreddit, :sort, :isSandbox, id, :postsLimit, :commentsLimit, cast(:commentsDepth as int), :expandMore, now() from reddit_posts where id = :postId for key share
         on conflict (subreddit, sort, is_sandbox) do update set post_id = excluded.post_id, posts_limit = excluded.posts_limit, comments_limit = excluded.comments_limit,
           comments_depth = excluded.comments_depth, expand_more = excluded.expand_more, taken_at = excluded.taken_at`,
        { ...keyOf(listing), ...watermark },
      );
    },

    /** Stored posts of a subreddit that the run has not listed, in the order of their ids. */
    async listUnlisted(query: {
      executionId: number;
      subreddit: string;
      isSandbox: boolean;
      writtenSince: Date;
      afterId: string;
      limit: number;
    }): Promise<string[]> {
      const rows = await rowsOf<{ id: string }>(
        `select id from reddit_posts p where lower(subreddit) = lower(:subreddit) and reddit_created_at >= :writtenSince and is_sandbox = :isSandbox and id > :afterId
           and not exists (select 1 from reddit_scrape_posts s where s.execution_id = :executionId and s.post_id = p.id)
         order by id limit :limit`,
        query,
      );
      return rows.map((row) => row.id);
    },

    /** Forgets what a run has listed, and what ended runs have left behind: of those that succeeded their results tell everything. */
    async forgetListed(executionId: number): Promise<void> {
      await rowsOf(
        `with lanes as (
           delete from reddit_scrape_lanes l using task_executions e where e.id = l.execution_id and e.status = 'succeeded'
         )
         delete from reddit_scrape_posts where execution_id = :executionId
           or execution_id in (select id from task_executions where status <> 'running' and id in (select distinct execution_id from reddit_scrape_posts))`,
        { executionId },
      );
    },
  };
}
