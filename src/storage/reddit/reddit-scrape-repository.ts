import { repeatOnConflict } from '../sql/repeat-on-conflict';
import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { KnownThread, ListingKey, ScrapeMemory, Watermark } from '../../tasks/ports/scrape-memory';

const inLowerCase = ({ subreddit, ...listing }: ListingKey) => ({ ...listing, subreddit: subreddit.toLowerCase() });

const CLAIM = `
  with wanted as (select distinct id from unnest(cast(:postIds as varchar(50)[])) as w(id)),
  claimed as (
    insert into reddit_scrape_posts as stored (execution_id, post_id, position, page)
    select :executionId, id, :position, :page from wanted order by id
    on conflict (execution_id, post_id) do nothing returning post_id
  )
  select post_id as id from claimed
  union
  select post_id from reddit_scrape_posts
  where execution_id = :executionId and post_id in (select id from wanted) and position = :position and page = :page`;

const SAVE_THREAD = `
  insert into reddit_threads (
    post_id, num_comments, comments_limit, comments_depth, comments_sort, expand_more,
    is_complete, requests, read_at
  )
  select id, :numComments, :commentsLimit, cast(:commentsDepth as int), :commentsSort, :expandMore,
    :isComplete, :requests, now()
  from reddit_posts where id = :postId for key share
  on conflict (post_id) do update set
    num_comments = excluded.num_comments, comments_limit = excluded.comments_limit,
    comments_depth = excluded.comments_depth, comments_sort = excluded.comments_sort,
    expand_more = excluded.expand_more,
    is_complete = excluded.is_complete, requests = excluded.requests, read_at = excluded.read_at`;

const SAVE_WATERMARK = `
  insert into reddit_watermarks (
    subreddit, sort, is_sandbox, post_id, posts_limit, comments_limit, comments_depth, comments_sort, expand_more,
    taken_at
  )
  select
    :subreddit, :sort, :isSandbox, id, :postsLimit, :commentsLimit, cast(:commentsDepth as int), :commentsSort,
    :expandMore, now()
  from reddit_posts where id = :postId for key share
  on conflict (subreddit, sort, is_sandbox) do update set
    post_id = excluded.post_id, posts_limit = excluded.posts_limit, comments_limit = excluded.comments_limit,
    comments_depth = excluded.comments_depth, comments_sort = excluded.comments_sort,
    expand_more = excluded.expand_more, taken_at = excluded.taken_at`;

// Runs that ended without success keep their lanes: the answers about them still show where each subreddit stood.
const FORGET_LISTED = `
  with lanes as (
    delete from reddit_scrape_lanes l using task_executions e where e.id = l.execution_id and e.status = 'succeeded'
  )
  delete from reddit_scrape_posts
  where execution_id = :executionId or execution_id in (
    select id from task_executions
    where status <> 'running' and id in (select distinct execution_id from reddit_scrape_posts)
  )`;

/** What scrapes remember of threads and listings. */
export function createRedditScrapeRepository(database: Database): ScrapeMemory {
  return {
    async claimPosts(claim) {
      return (await rows<{ id: string }>(database, CLAIM, { ...claim })).map((row) => row.id);
    },

    async findThreads(postIds) {
      return rows<KnownThread>(
        database,
        `select post_id as "postId", num_comments as "numComments", comments_limit as "commentsLimit",
           comments_depth as "commentsDepth", comments_sort as "commentsSort",
           expand_more as "expandMore", is_complete as "isComplete", requests
         from reddit_threads where post_id = any(cast(:postIds as varchar(50)[]))`,
        { postIds },
      );
    },

    /** Stores nothing when the post was deleted meanwhile. */
    async saveThread(thread) {
      await repeatOnConflict(() => rows(database, SAVE_THREAD, { commentsSort: 'confidence', ...thread }));
    },

    async findWatermark(listing) {
      const [row] = await rows<Watermark>(
        database,
        `select w.post_id as "postId", p.reddit_created_at as "createdAt", w.posts_limit as "postsLimit",
           w.comments_limit as "commentsLimit", w.comments_depth as "commentsDepth", w.comments_sort as "commentsSort",
           w.expand_more as "expandMore"
         from reddit_watermarks w join reddit_posts p on p.id = w.post_id
         where w.subreddit = :subreddit and w.sort = :sort and w.is_sandbox = :isSandbox`,
        inLowerCase(listing),
      );
      return row;
    },

    async saveWatermark(listing, watermark) {
      await repeatOnConflict(() =>
        rows(database, SAVE_WATERMARK, { commentsSort: 'confidence', ...inLowerCase(listing), ...watermark }),
      );
    },

    async listUnlisted(query) {
      const found = await rows<{ id: string }>(
        database,
        `select id from reddit_posts p
         where lower(subreddit) = lower(:subreddit) and reddit_created_at >= :writtenSince
           and is_sandbox = :isSandbox and id > :afterId
           and not exists (
             select 1 from reddit_scrape_posts s where s.execution_id = :executionId and s.post_id = p.id
           )
         order by id limit :limit`,
        { ...query },
      );
      return found.map((row) => row.id);
    },

    /** Also removes what ended runs have left behind: the lanes of those that succeeded, and the lists of all. */
    async forgetListed(executionId) {
      await rows(database, FORGET_LISTED, { executionId });
    },
  };
}
