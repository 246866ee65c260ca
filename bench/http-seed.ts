import type { Database } from '../src/platform/postgres/postgres';

const DAYS = 90;

/**
 * Executions of these configs, spread evenly over 90 days: nine in ten succeed, one in twenty has no config, and the
 * newest are still running. One statement inserts all of them.
 */
export async function seedExecutions(database: Database, count: number, configIds: number[]): Promise<void> {
  await database.raw('truncate task_executions cascade');
  await database.raw(
    `insert into task_executions (task_id, workflow_id, run_id, config_id, task_type, status, triggered_by, parameters,
                                  attempt, started_at, completed_at, duration_seconds, result,
                                  error_message, error_traceback, created_at)
     select 'task-config-' || n, 'task-config-' || n, md5(n::text)::uuid, config_id,
            case when config_id % 4 = 0 then 'HEALTH_CHECK'
                 when config_id % 4 = 1 then 'TEST_TIMEOUT'
                 else 'REDDIT_SCRAPE' end,
            status,
            case when config_id is null then 'by_type' when n % 5 = 0 then 'manual' else 'schedule' end,
            '{"subreddits": ["typescript", "node"], "posts_limit": 50}', 1 + n % 2,
            started_at,
            case when status <> 'running' then started_at + seconds * interval '1 second' end,
            case when status <> 'running' then seconds end,
            case when status = 'succeeded' then jsonb_build_object('return_value', jsonb_build_object(
              'config_id', config_id, 'posts', n % 50, 'comments', n % 900,
              'outcomes', jsonb_build_array(jsonb_build_object('subreddit', 'typescript', 'new', n % 40)))) end,
            case when status not in ('succeeded', 'running') then 'Reddit answered 503 to r/typescript' end,
            case when status = 'failed' then
              'Error: Reddit answered 503 to r/typescript'
                || repeat(E'\\n    at scrape (scrape-run.js:42:17)', 6) end,
            started_at
     from (select n,
                  case when n % 20 <> 0
                       then (cast(:configIds as int[]))[1 + (n::bigint * 7919) % cast(:configs as int)]
                  end as config_id,
                  case when n > cast(:count as int) - 20 then 'running'
                       when n % 100 < 5 then 'failed'
                       when n % 100 = 5 then 'cancelled'
                       when n % 100 = 6 then 'timed_out'
                       when n % 200 = 7 then 'terminated'
                       else 'succeeded' end as status,
                  round((n * 31 % 60000) / 1000.0, 3) as seconds,
                  now() - (cast(:count as int) - n) * (interval '${DAYS} days' / cast(:count as int)) as started_at
           from generate_series(1, cast(:count as int)) n) runs`,
    { count, configIds, configs: configIds.length } as never,
  );
  await database.raw('vacuum analyze task_executions');
}

/** Posts of a few hundred characters, one a minute. */
export async function seedPosts(database: Database, count: number): Promise<void> {
  await database.raw(
    `insert into reddit_posts (id, title, author, subreddit, subreddit_subscribers, content, url, domain,
                               score, upvote_ratio, num_comments, is_self, reddit_created_at)
     select 'p' || n, 'What do you think of number ' || n || ' of them', 'author_' || n % 500,
            (array['typescript', 'node', 'programming', 'history'])[1 + n % 4], 100000 + n,
            repeat('Some words of a post that somebody wrote. ', 1 + n % 15),
            'https://example.org/' || n, 'self.typescript',
            n % 3000, 0.93, n % 200, true, now() - n * interval '1 minute'
     from generate_series(1, ?::int) n`,
    [count],
  );
  await database.raw('vacuum analyze reddit_posts');
}
