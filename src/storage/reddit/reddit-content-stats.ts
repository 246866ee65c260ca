import type { Database } from '../../platform/postgres/postgres';

export interface SubredditStats {
  /** In lower case. */
  subreddit: string;
  posts: number;
  commentsPerPost: number;
  shareWithComments: number;
  expansionsPerThread: number;
  threadsRead: number;
  unchangedThreads: number;
}

/** The newest posts tell what the next scrape will meet; more of them would only take longer. */
const POSTS_LOOKED_AT = 1_000;

/**
 * What the newest stored posts of these subreddits are like; those of which nothing is stored are left out. A thread that
 * was left folded would have cost a further request at least; where none was ever read there is only their number of comments.
 */
export async function contentStats(
  database: Database,
  subreddits: string[],
  isSandbox: boolean,
): Promise<SubredditStats[]> {
  const { rows } = await database.raw<{ rows: SubredditStats[] }>(
    `select name as subreddit, count(*) as posts, avg(p.num_comments)::float8 as "commentsPerPost", avg((p.num_comments > 0)::int)::float8 as "shareWithComments",
       coalesce(avg(case when t.is_complete then t.requests - 1 else greatest(t.requests - 1, ceil(greatest(p.num_comments - 500, 0) / 100.0), 1) end) filter (where t.post_id is not null),
                avg(ceil(greatest(p.num_comments - 500, 0) / 100.0)) filter (where p.num_comments > 0), 0)::float8 as "expansionsPerThread",
       count(t.post_id) as "threadsRead",
       count(*) filter (where t.num_comments = p.num_comments) as "unchangedThreads"
     from (select distinct lower(given) as name from unnest(cast(:subreddits as text[])) as g(given)) names
       cross join lateral (select id, num_comments from reddit_posts where lower(subreddit) = names.name and is_sandbox = :isSandbox order by reddit_created_at desc, id desc limit :limit) p
       left join reddit_threads t on t.post_id = p.id
     group by name`,
    { subreddits, isSandbox, limit: POSTS_LOOKED_AT },
  );
  return rows;
}
