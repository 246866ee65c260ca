import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';

export interface SubredditReport {
  /** As Reddit spells it. */
  subreddit: string;
  posts: { totalCount: number; avgScore: number; maxScore: number; avgCommentsPerPost: number };
  comments: { totalCount: number; avgScore: number; maxScore: number };
  topAuthors: { author: string; commentCount: number; avgScore: number }[];
  days: { date: string; posts: number; comments: number }[];
}

const REPORT = `
  with known as (
    select subreddit from (
      (
        select subreddit from reddit_posts where lower(subreddit) = lower(:name)
        order by reddit_created_at desc, id desc limit 1
      )
      union all
      (
        select subreddit from reddit_comments where lower(subreddit) = lower(:name)
        order by reddit_created_at desc, id desc limit 1
      )
    ) any_content limit 1
  ),
  calendar as materialized (
    select cast(day as date) as day, day at time zone 'UTC' as since,
      (day + interval '1 day') at time zone 'UTC' as until
    from generate_series(
      cast(now() at time zone 'UTC' as date) - cast(:days as int) + 1,
      cast(now() at time zone 'UTC' as date),
      interval '1 day'
    ) as g(day)
  ),
  by_day as materialized (
    select day,
      posts.n as posts, posts.score as posts_score, posts.most as posts_most, posts.comments as posts_comments,
      comments.n as comments, comments.score as comments_score, comments.most as comments_most
    from calendar,
      lateral (
        select count(*) as n, sum(score) as score, max(score) as most, sum(num_comments) as comments
        from reddit_posts
        where lower(subreddit) = lower(:name) and reddit_created_at >= since and reddit_created_at < until
      ) posts,
      lateral (
        select count(*) as n, sum(score) as score, max(score) as most
        from reddit_comments
        where lower(subreddit) = lower(:name) and reddit_created_at >= since and reddit_created_at < until
      ) comments
  ),
  authors as materialized (
    select author, count(*) as n, sum(score) as score from reddit_comments
    where lower(subreddit) = lower(:name)
      and reddit_created_at >= (select min(since) from calendar)
      and reddit_created_at < (select max(until) from calendar)
      and author <> '[deleted]'
    group by author order by count(*) desc, author limit 10
  )
  select jsonb_build_object(
    'subreddit', known.subreddit,
    'posts', (
      select jsonb_build_object(
        'totalCount', sum(posts),
        'avgScore', coalesce(round(sum(posts_score) / nullif(sum(posts), 0), 2), 0),
        'maxScore', coalesce(max(posts_most), 0),
        'avgCommentsPerPost', coalesce(round(sum(posts_comments) / nullif(sum(posts), 0), 2), 0)
      ) from by_day
    ),
    'comments', (
      select jsonb_build_object(
        'totalCount', sum(comments),
        'avgScore', coalesce(round(sum(comments_score) / nullif(sum(comments), 0), 2), 0),
        'maxScore', coalesce(max(comments_most), 0)
      ) from by_day
    ),
    'topAuthors', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'author', author, 'commentCount', n, 'avgScore', round(cast(score as numeric) / n, 2)
          ) order by n desc, author
        ),
        '[]'
      ) from authors
    ),
    'days', (
      select jsonb_agg(jsonb_build_object('date', day, 'posts', posts, 'comments', comments) order by day) from by_day
    )
  ) as report from known`;

/**
 * What was written in a subreddit on the last `days` days in UTC, today included. Undefined when nothing of it is
 * stored. The comments of those days are read twice, by days and by authors, from the index by subreddit and time
 * alone: the rows themselves are spread over the whole table.
 */
export async function reportSubreddit(
  database: Database,
  { name, days }: { name: string; days: number },
): Promise<SubredditReport | undefined> {
  const [row] = await rows<{ report: SubredditReport }>(database, REPORT, { name, days });
  return row?.report;
}
