import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { WorkflowRun } from './workflow-run';

/** A run that a schedule started, by its rule or because somebody asked for it in Temporal. */
export interface ScheduledRun extends WorkflowRun {
  configId: number;
  /** To the second, and before any jitter. */
  scheduledAt: Date;
  /** When Temporal started it. */
  startedAt: Date;
}
export type TellScheduledRun = (run: ScheduledRun) => Promise<'schedule' | 'backfill' | 'temporal'>;

export interface ScheduledRunHistory {
  /** Another run has had this time of the schedule. */
  hasRun: boolean;
  /** A run was at work at the scheduled time, and one has ended shortly before this one began. */
  hasWaited: boolean;
}

export type ScheduledRunRepository = ReturnType<typeof createScheduledRunRepository>;

export function createScheduledRunRepository(database: Database) {
  return {
    /** What the config's other runs tell of a run that began late. */
    async look(run: ScheduledRun, { endedWithinMs }: { endedWithinMs: number }): Promise<ScheduledRunHistory> {
      const [found] = await rows<ScheduledRunHistory>(
        database,
        `with others as (
           select * from task_executions
           where config_id = :configId and started_at >= cast(:scheduledAt as timestamptz) - interval '31 days'
             and (workflow_id, run_id) <> (:workflowId, :runId)
         )
         select
           exists (select 1 from others where scheduled_at = :scheduledAt and triggered_by <> 'temporal') as "hasRun",
           exists (
             select 1 from others
             where started_at <= :scheduledAt and (completed_at is null or completed_at > :scheduledAt)
           ) and exists (
             select 1 from others
             where completed_at between cast(:endedSince as timestamptz) and cast(:startedAt as timestamptz)
           ) as "hasWaited"`,
        {
          configId: run.configId,
          workflowId: run.workflowId,
          runId: run.runId,
          scheduledAt: run.scheduledAt,
          startedAt: run.startedAt,
          endedSince: new Date(run.startedAt.getTime() - endedWithinMs),
        },
      );
      return found ?? { hasRun: false, hasWaited: false };
    },
  };
}
