import type { Knex } from 'knex';

/**
 * Sums over finished runs, so that no answer has to count the history (docs/adr/0010). Every statement that changes
 * runs appends the difference to `execution_deltas` in its own transaction, so writers never wait for each other. From
 * time to time one of them folds the differences into `execution_totals`. Both tables together are exact in every
 * snapshot.
 */
export async function up(knex: Knex): Promise<void> {
  await createTables(knex);
  await createFolding(knex);
  await createTriggers(knex);
  await createFaultCheck(knex);
  await createRebuild(knex);
}

async function createTables(knex: Knex): Promise<void> {
  await knex.raw(`
    create table execution_deltas (
      id bigint generated always as identity,
      hour timestamptz not null,
      -- 0: a run without a config; '' : without a type.
      config_id int not null,
      task_type text not null,
      runs bigint not null,
      succeeded bigint not null,
      -- Runs whose duration is known, and how long they took.
      timed bigint not null,
      seconds numeric not null,
      succeeded_timed bigint not null,
      succeeded_seconds numeric not null
    );
    create table execution_totals (
      -- A config's id, with days alone; 0: all runs, by hours and by days (UTC).
      scope int not null,
      span text not null check (span in ('hour', 'day')),
      starts_at timestamptz not null,
      task_type text not null,
      has_config boolean not null,
      runs bigint not null,
      succeeded bigint not null,
      timed bigint not null,
      seconds numeric not null,
      succeeded_timed bigint not null,
      succeeded_seconds numeric not null,
      primary key (scope, span, starts_at, task_type, has_config)
    )`);
}

async function createFolding(knex: Knex): Promise<void> {
  await knex.raw(`
    create function fold_execution_deltas() returns void language plpgsql as $$
    begin
      with taken as (delete from execution_deltas returning *),
      summed as (
        select s.scope, s.span, date_trunc(s.span, t.hour, 'UTC') as starts_at, t.task_type,
               t.config_id <> 0 as has_config,
               sum(t.runs) as runs, sum(t.succeeded) as succeeded, sum(t.timed) as timed, sum(t.seconds) as seconds,
               sum(t.succeeded_timed) as succeeded_timed, sum(t.succeeded_seconds) as succeeded_seconds
        from taken t,
             lateral (select 0 as scope, 'hour' as span
                      union all select 0, 'day'
                      union all select t.config_id, 'day' where t.config_id <> 0) s
        group by 1, 2, 3, 4, 5
      )
      insert into execution_totals as x select * from summed
      on conflict (scope, span, starts_at, task_type, has_config) do update
      set runs = x.runs + excluded.runs, succeeded = x.succeeded + excluded.succeeded,
          timed = x.timed + excluded.timed, seconds = x.seconds + excluded.seconds,
          succeeded_timed = x.succeeded_timed + excluded.succeeded_timed,
          succeeded_seconds = x.succeeded_seconds + excluded.succeeded_seconds;
    end $$`);

  // The lock is only tried: a statement that finds another one folding leaves the work to it. Under an isolation level
  // other than read committed, a transaction might not see what has been folded already.
  await knex.raw(`
    create function fold_execution_deltas_at_times(newest bigint, added bigint) returns void language plpgsql as $$
    begin
      if newest % 32 < added and current_setting('transaction_isolation') = 'read committed'
         and pg_try_advisory_xact_lock(hashtext('execution_totals')) then
        perform fold_execution_deltas();
      end if;
    end $$`);
}

/** Statement triggers on task_executions; the three kinds of change share one body. */
async function createTriggers(knex: Knex): Promise<void> {
  // A statement that changes no sum leaves no row.
  const count = (name: string, sources: string[]) => `
    create function ${name}() returns trigger language plpgsql as $$
    declare newest bigint; added bigint;
    begin
      with changed as (${sources.join(' union all ')}),
      deltas as (
        select date_trunc('hour', started_at, 'UTC') as hour, coalesce(config_id, 0) as config_id,
               coalesce(task_type, '') as task_type,
               sum(sign) as runs, coalesce(sum(sign) filter (where is_success), 0) as succeeded,
               coalesce(sum(sign) filter (where duration_seconds is not null), 0) as timed,
               coalesce(sum(sign * duration_seconds), 0) as seconds,
               coalesce(sum(sign) filter (where is_success and duration_seconds is not null), 0) as succeeded_timed,
               coalesce(sum(sign * duration_seconds) filter (where is_success), 0) as succeeded_seconds
        from changed where status <> 'running' group by 1, 2, 3
      ),
      written as (
        insert into execution_deltas
          (hour, config_id, task_type, runs, succeeded, timed, seconds, succeeded_timed, succeeded_seconds)
        select * from deltas
        where (runs, succeeded, timed, seconds, succeeded_timed, succeeded_seconds) <> (0, 0, 0, 0, 0, 0) returning id
      )
      select max(id), count(*) into newest, added from written;
      if added > 0 then perform fold_execution_deltas_at_times(newest, added); end if;
      return null;
    end $$`;
  const columns = 'started_at, config_id, task_type, status, is_success, duration_seconds';
  const gone = `select -1 as sign, ${columns} from gone`;
  const come = `select 1 as sign, ${columns} from come`;
  await knex.raw(count('count_inserted_executions', [come]));
  await knex.raw(count('count_updated_executions', [gone, come]));
  await knex.raw(count('count_deleted_executions', [gone]));
  await knex.raw(`
    create function forget_execution_totals() returns trigger language plpgsql as $$
    begin
      truncate execution_totals, execution_deltas;
      return null;
    end $$`);

  const on = (name: string, event: string, transitions: string, run: string) =>
    knex.raw(
      `create trigger ${name} after ${event} on task_executions ${transitions} 
       for each statement execute function ${run}()`,
    );
  await on('count_inserted', 'insert', 'referencing new table as come', 'count_inserted_executions');
  await on('count_updated', 'update', 'referencing old table as gone new table as come', 'count_updated_executions');
  await on('count_deleted', 'delete', 'referencing old table as gone', 'count_deleted_executions');
  await on('forget_totals', 'truncate', '', 'forget_execution_totals');
}

/** For a database whose triggers were off for a time (a restore in parts, replication). No row means no fault. */
async function createFaultCheck(knex: Knex): Promise<void> {
  await knex.raw(`
    create function execution_totals_faults()
    returns table (scope int, span text, starts_at timestamptz, task_type text, has_config boolean)
    language sql stable as $$
      with raw as (
        select date_trunc('hour', e.started_at, 'UTC') as hour, coalesce(e.config_id, 0) as config_id,
               coalesce(e.task_type, '') as task_type,
               count(*) as runs, count(*) filter (where e.is_success) as succeeded,
               count(e.duration_seconds) as timed, coalesce(sum(e.duration_seconds), 0) as seconds,
               count(e.duration_seconds) filter (where e.is_success) as succeeded_timed,
               coalesce(sum(e.duration_seconds) filter (where e.is_success), 0) as succeeded_seconds
        from task_executions e where e.status <> 'running' group by 1, 2, 3
      ),
      differences as (
        select s.scope, s.span, date_trunc(s.span, r.hour, 'UTC') as starts_at, r.task_type,
               r.config_id <> 0 as has_config,
               r.runs, r.succeeded, r.timed, r.seconds, r.succeeded_timed, r.succeeded_seconds
        from (select * from raw
              union all
              select d.hour, d.config_id, d.task_type,
                     -d.runs, -d.succeeded, -d.timed, -d.seconds, -d.succeeded_timed, -d.succeeded_seconds
              from execution_deltas d) r,
             lateral (select 0 as scope, 'hour' as span
                      union all select 0, 'day'
                      union all select r.config_id, 'day' where r.config_id <> 0) s
        union all
        select t.scope, t.span, t.starts_at, t.task_type, t.has_config,
               -t.runs, -t.succeeded, -t.timed, -t.seconds, -t.succeeded_timed, -t.succeeded_seconds
        from execution_totals t
      )
      select d.scope, d.span, d.starts_at, d.task_type, d.has_config from differences d group by 1, 2, 3, 4, 5
      having (sum(d.runs), sum(d.succeeded), sum(d.timed), sum(d.seconds), sum(d.succeeded_timed),
              sum(d.succeeded_seconds)) <> (0, 0, 0, 0, 0, 0)
    $$`);
}

/** The rebuild blocks writers while it runs, but not readers. */
async function createRebuild(knex: Knex): Promise<void> {
  await knex.raw(`
    create function rebuild_execution_totals() returns void language plpgsql as $$
    begin
      lock table task_executions in share row exclusive mode;
      perform pg_advisory_xact_lock(hashtext('execution_totals'));
      delete from execution_totals;
      delete from execution_deltas;
      insert into execution_deltas
        (hour, config_id, task_type, runs, succeeded, timed, seconds, succeeded_timed, succeeded_seconds)
      select date_trunc('hour', started_at, 'UTC'), coalesce(config_id, 0), coalesce(task_type, ''),
             count(*), count(*) filter (where is_success),
             count(duration_seconds), coalesce(sum(duration_seconds), 0),
             count(duration_seconds) filter (where is_success),
             coalesce(sum(duration_seconds) filter (where is_success), 0)
      from task_executions where status <> 'running' group by 1, 2, 3;
      perform fold_execution_deltas();
    end $$`);
}

export const down = undefined;
