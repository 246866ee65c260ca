import type { Database } from '../platform/postgres';

export interface SubredditReport {
  /** As Reddit spells it. */
  subreddit: string;
  posts: { totalCount: number; avgScore: number; maxScore: number; avgCommentsPerPost: number };
  comments: { totalCount: number; avgScore: number; maxScore: number };
  topAuthors: { author: string; commentCount: number; avgScore: number }[];
  days: { date: string; posts: number; comments: number }[];
}

/**
 * What was written in a subreddit on the last so many days, in UTC, today being one of them; undefined when nothing of it
 * is stored. By far the most of it is reading the comments of those days once, through the index by subreddit and time.
 */
export async function reportSubreddit(database: Database, { name, days }: { name: string; days: number }): Promise<SubredditReport | undefined> {
  const { rows } = await database.raw<{ rows: { report: SubredditReport }[] }>(
    `with known as (
       select subreddit from (
         (select subreddit from reddit_posts where lower(subreddit) = lower(:name) order by reddit_created_at desc, id desc limit 1)
         union all (select subreddit from reddit_comments where lower(subreddit) = lower(:name) order by reddit_created_at desc, id desc limit 1)
       ) any_content limit 1
     ),
     calendar as (select cast(day as date) as day from generate_series(cast(now() at time zone 'UTC' as date) - cast(:days as int) + 1, cast(now() at time zone 'UTC' as date), interval '1 day') as g(day)),
     bounds as materialized (select min(day) at time zone 'UTC' as since, (max(day) + 1) at time zone 'UTC' as until from calendar),
     posts as materialized (
       select cast(p.reddit_created_at at time zone 'UTC' as date) as day, count(*) as n, sum(p.score) as score, max(p.score) as most, sum(p.num_comments) as comments
       from reddit_posts p, bounds where lower(p.subreddit) = lower(:name) and p.reddit_created_at >= bounds.since and p.reddit_created_at < bounds.until group by 1
     ),
     comments as materialized (
       select cast(c.reddit_created_at at time zone 'UTC' as date) as day, c.author, count(*) as n, sum(c.score) as score, max(c.score) as most
       from reddit_comments c, bounds where lower(c.subreddit) = lower(:name) and c.reddit_created_at >= bounds.since and c.reddit_created_at < bounds.until group by 1, 2
     ),
     authors as (
       select author, sum(n) as n, sum(score) / sum(n) as average from comments where author is not null and author <> '[deleted]' group by author order by sum(n) desc, author limit 10
     )
     select jsonb_build_object(
       'subreddit', known.subreddit,
       'posts', (select jsonb_build_object('totalCount', coalesce(sum(n), 0), 'avgScore', coalesce(round(sum(score) / sum(n), 2), 0), 'maxScore', coalesce(max(most), 0), 'avgCommentsPerPost', coalesce(round(sum(comments) / sum(n), 2), 0)) from posts),
       'comments', (select jsonb_build_object('totalCount', coalesce(sum(n), 0), 'avgScore', coalesce(round(sum(score) / sum(n), 2), 0), 'maxScore', coalesce(max(most), 0)) from comments),
       'topAuthors', (select coalesce(jsonb_agg(jsonb_build_object('author', author, 'commentCount', n, 'avgScore', round(average, 2)) order by n desc, author), '[]') from authors),
       'days', (select jsonb_agg(jsonb_build_object('date', day, 'posts', coalesce((select n from posts where posts.day = calendar.day), 0), 'comments', coalesce(by_day.n, 0)) order by day)
                from calendar left join (select day, sum(n) as n from comments group by day) by_day using (day))
     ) as report from known`,
    { name, days },
  );
  return rows[0]?.report;
}
