import { prepare } from '../sql/prepared-statement';
import type { Database } from '../../platform/postgres/postgres';
import type { FinalStatus } from './task-execution';

export interface ExecutionTotals {
  total: number;
  succeeded: number;
  averageSeconds: number;
  byType: Record<string, number>;
}

export interface ConfigTotals {
  total: number;
  succeeded: number;
  averageSeconds: number;
  lastRunAt: string | null;
  lastStatus: FinalStatus | null;
}

/** The runs that ended before anything told their type: of a deleted config, or with a wrong input. */
const UNKNOWN_TYPE = 'unknown';

interface Group {
  window: number;
  taskType: string | null;
  total: number;
  succeeded: number;
  timed: number;
  seconds: number;
}

const SUMS = 'runs, succeeded, succeeded_timed, succeeded_seconds';
/** The sums of a single row of task_executions, `has_config` first. */
const SUMS_OF_ROW = `
  e.config_id is not null, 1, e.is_success::int, (e.is_success and e.duration_seconds is not null)::int,
  case when e.is_success then coalesce(e.duration_seconds, 0) else 0 end`;
const TOTALS = `
  sum(s.runs) as total, sum(s.succeeded) as succeeded, sum(s.succeeded_timed) as timed,
  sum(s.succeeded_seconds) as seconds`;
/** The first full hour or day that begins at or after the start of a window. */
const nextFull = (span: 'hour' | 'day') =>
  `date_trunc('${span}', since - interval '1 microsecond', 'UTC') + interval '1 ${span}'`;

/**
 * Full days and hours come from the sums, with the deltas that are not folded yet; the time before the first full hour
 * comes from the rows.
 */
const ALL = `
  select w.n as "window", nullif(s.task_type, '') as "taskType", ${TOTALS}
  from
    (
      select n, since, ${nextFull('hour')} as first_hour, ${nextFull('day')} as first_day
      from unnest(cast(? as timestamptz[])) with ordinality as u(since, n)
    ) w,
    lateral (
      select task_type, has_config, ${SUMS} from execution_totals
      where scope = 0 and span = 'day' and starts_at >= w.first_day
      union all
      select task_type, has_config, ${SUMS} from execution_totals
      where scope = 0 and span = 'hour' and starts_at >= w.first_hour and starts_at < w.first_day
      union all
      select task_type, config_id <> 0, ${SUMS} from execution_deltas where hour >= w.first_hour
      union all
      select coalesce(e.task_type, ''), ${SUMS_OF_ROW} from task_executions e
      where e.started_at >= w.since and e.started_at < w.first_hour and e.status <> 'running'
    ) s
  group by 1, 2 having sum(s.runs) > 0 order by 1, 2`;

/** A config has no sums by hours: the rest of its first day comes from the rows. */
const ONE = `
  select 1 as "window", nullif(s.task_type, '') as "taskType", ${TOTALS}
  from
    (select since, ${nextFull('day')} as first_day from (select cast(:since as timestamptz) as since) u) w,
    lateral (
      select task_type, has_config, ${SUMS} from execution_totals
      where scope = :configId and span = 'day' and starts_at >= w.first_day
      union all
      select task_type, true, ${SUMS} from execution_deltas where config_id = :configId and hour >= w.first_day
      union all
      select coalesce(e.task_type, ''), ${SUMS_OF_ROW} from task_executions e
      where e.config_id = :configId and e.started_at >= w.since and e.started_at < w.first_day
        and e.status <> 'running'
    ) s
  group by 2 having sum(s.runs) > 0 order by 2`;

const EVER = `
  select s.total, s.succeeded, s."averageSeconds", l.completed_at as "lastRunAt", l.status as "lastStatus"
  from (
    select coalesce(sum(runs), 0) as total, coalesce(sum(succeeded), 0) as succeeded,
      coalesce(sum(seconds) / nullif(sum(timed), 0), 0)::float8 as "averageSeconds"
    from (
      select runs, succeeded, timed, seconds from execution_totals where scope = :configId and span = 'day'
      union all
      select runs, succeeded, timed, seconds from execution_deltas where config_id = :configId
    ) parts
  ) s
    left join lateral (
      select completed_at, status from task_executions where config_id = :configId and status <> 'running'
      order by created_at desc, id desc limit 1
    ) l on true`;

function toTotals(groups: Group[]): ExecutionTotals {
  const sum = (field: 'total' | 'succeeded' | 'timed' | 'seconds') =>
    groups.reduce((subtotal, group) => subtotal + group[field], 0);
  return {
    total: sum('total'),
    succeeded: sum('succeeded'),
    averageSeconds: sum('timed') === 0 ? 0 : sum('seconds') / sum('timed'),
    byType: Object.fromEntries(groups.map((group) => [group.taskType ?? UNKNOWN_TYPE, group.total])),
  };
}

/**
 * Sums of finished runs, from the totals that PostgreSQL keeps in step with the rows (migration 0004). They are exact,
 * and their cost does not grow with the history.
 */
export function createExecutionTotals(database: Database) {
  const all = prepare<Group>(database, 'execution-totals', ALL);
  const one = prepare<Group>(database, 'config-totals', ONE);
  const ever = prepare<ConfigTotals>(database, 'config-totals-ever', EVER);

  return {
    /** For each of the times, the runs started since. The parts of `byType` add up to the total. */
    async totalsSince<Times extends Date[]>(...times: Times): Promise<{ [Index in keyof Times]: ExecutionTotals }> {
      const groups = await all([times]);
      return times.map((_, index) => toTotals(groups.filter((group) => group.window === index + 1))) as {
        [Index in keyof Times]: ExecutionTotals;
      };
    },

    async configTotalsSince(startedSince: Date, configId: number): Promise<ExecutionTotals> {
      return toTotals(await one({ since: startedSince, configId }));
    },

    /** All finished runs of a config, ever. */
    async configTotals(configId: number): Promise<ConfigTotals> {
      const [row] = await ever({ configId });
      if (!row) throw new Error('An aggregate without a row');
      return row;
    },
  };
}
