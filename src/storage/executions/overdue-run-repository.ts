import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { OverdueQuery, OverdueReport, OverdueRun } from '../../tasks/ports/run-monitor';

/** With fewer successful runs than this there is no usual time. */
const RUNS_TO_JUDGE_BY = 5;
const NEWEST_RUNS = 100;
const MOST_REPORTED = 100;

// The counts come with every row, and in a row of their own when no run is overdue.
const FIND = `
  with running as (
    select id, task_id, config_id, config_name, task_type, extract(epoch from now() - started_at)::float8 as seconds
    from task_executions where status = 'running' and id <> :exceptId and task_type is not null
  ),
  by_config as (
    select k.config_id, percentile_cont(0.95) within group (order by d.duration_seconds) as usual, count(*) as runs
    from (select distinct config_id from running where config_id is not null) k
      cross join lateral (
        select duration_seconds from task_executions e
        where e.config_id = k.config_id and e.status = 'succeeded' order by started_at desc limit :newest
      ) d
    group by 1
  ),
  by_type as (
    select k.task_type, percentile_cont(0.95) within group (order by d.duration_seconds) as usual, count(*) as runs
    from (select distinct task_type from running) k
      cross join lateral (
        select duration_seconds from task_executions e
        where e.task_type = k.task_type and e.status = 'succeeded' and started_at > now() - interval '30 days'
        order by started_at desc limit :newest
      ) d
    group by 1
  ),
  judged as (
    select r.*, case when c.runs >= :enough then c.usual when t.runs >= :enough then t.usual end as usual
    from running r
      left join by_config c on c.config_id = r.config_id
      left join by_type t on t.task_type = r.task_type
  ),
  counted as (select count(*) as running, count(*) filter (where usual is null) as unjudged from judged),
  overdue as (
    select * from judged
    where usual is not null and seconds > greatest(:leastSeconds::float8, :factor::float8 * usual)
    order by seconds / greatest(usual, 0.001) desc limit :most
  )
  select counted.running, counted.unjudged,
    o.id as "executionId", o.task_id as "taskId", o.config_id as "configId",
    coalesce(tc.name, o.config_name) as "configName",
    o.task_type as "taskType",
    round(o.seconds::numeric, 1)::float8 as "runningSeconds", round(o.usual::numeric, 3)::float8 as "usualSeconds"
  from counted left join overdue o on true left join task_configs tc on tc.id = o.config_id
  order by o.seconds / greatest(o.usual, 0.001) desc`;

type FoundRow = Pick<OverdueReport, 'running' | 'unjudged'> &
  Omit<OverdueRun, 'executionId'> & { executionId: number | null };

export function createOverdueRunRepository(database: Database) {
  return {
    /**
     * Runs that have been going on for longer than `factor` times the usual time of their config (of their task type
     * where the config has too few runs), and for `leastSeconds` at least. The most overdue come first, a hundred at
     * most.
     */
    async find(query: OverdueQuery): Promise<OverdueReport> {
      const found = await rows<FoundRow>(database, FIND, {
        ...query,
        newest: NEWEST_RUNS,
        enough: RUNS_TO_JUDGE_BY,
        most: MOST_REPORTED,
      });
      const overdue = found.flatMap(({ running: _running, unjudged: _unjudged, executionId, ...run }) =>
        executionId === null ? [] : [{ executionId, ...run }],
      );
      return { running: found[0]?.running ?? 0, unjudged: found[0]?.unjudged ?? 0, overdue };
    },
  };
}
