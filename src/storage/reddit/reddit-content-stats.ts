import { rows } from '../sql/rows';
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

/** How many of the newest posts are looked at. More would take longer, and not predict the next scrape better. */
const POSTS_LOOKED_AT = 1_000;

/**
 * What a thread that was left folded cost, and the further request that it would at least have cost. Where no thread
 * was ever read there is only the number of comments to go by.
 */
const EXPANSIONS = `
  coalesce(
    avg(
      case when t.is_complete then t.requests - 1
        else greatest(t.requests - 1, ceil(greatest(p.num_comments - 500, 0) / 100.0), 1) end
    ) filter (where t.post_id is not null),
    avg(ceil(greatest(p.num_comments - 500, 0) / 100.0)) filter (where p.num_comments > 0),
    0
  )::float8`;

/** Averages of the newest stored posts of the subreddits. Those without stored posts are left out. */
export async function contentStats(
  database: Database,
  subreddits: string[],
  isSandbox: boolean,
): Promise<SubredditStats[]> {
  return rows<SubredditStats>(
    database,
    `select name as subreddit, count(*) as posts,
       avg(p.num_comments)::float8 as "commentsPerPost",
       avg((p.num_comments > 0)::int)::float8 as "shareWithComments",
       ${EXPANSIONS} as "expansionsPerThread",
       count(t.post_id) as "threadsRead",
       count(*) filter (where t.num_comments = p.num_comments) as "unchangedThreads"
     from (select distinct lower(given) as name from unnest(cast(:subreddits as text[])) as g(given)) names
       cross join lateral (
         select id, num_comments from reddit_posts
         where lower(subreddit) = names.name and is_sandbox = :isSandbox
         order by reddit_created_at desc, id desc limit :limit
       ) p
       left join reddit_threads t on t.post_id = p.id
     group by name`,
    { subreddits, isSandbox, limit: POSTS_LOOKED_AT },
  );
}
