import { DAY_MS } from '../../shared/durations';
import { rulesVersion } from '../../time-zones/zone-rules';
import { findSchedulerType } from '../scheduler-types/registry';
import type { Logger } from '../../platform/logger';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { ActualSchedule } from '../temporal/actual-schedule';
import type { ScheduleConvergence } from '../temporal/schedule-convergence';

export interface RenewalReconcilerDeps {
  convergence: ScheduleConvergence;
  log: Logger;
}

/** Half of what a renewal reaches ahead. */
const RENEWED_AHEAD_MS = 200 * DAY_MS;
/** An update of a schedule takes some 30 ms, and nothing here is urgent. */
const RENEWALS_A_PASS = 100;

/**
 * Whether the times in Temporal end to be right before long, or follow older rules of time zones. A schedule that an
 * older version of Taskloom wrote does not say it.
 */
export function isDueForRenewal(
  { schedulerType, revision }: Pick<TaskConfig, 'schedulerType' | 'revision'>,
  schedule: Pick<ActualSchedule, 'revision' | 'rightUntil' | 'zoneRules'>,
  now: Date,
): boolean {
  // With another revision, the schedule is written anew because of that.
  if (!findSchedulerType(schedulerType)?.readsClocks || schedule.revision !== revision) return false;
  if (!schedule.rightUntil || !schedule.zoneRules) return true;
  // A process with older rules leaves newer ones alone.
  return schedule.rightUntil.getTime() - now.getTime() < RENEWED_AHEAD_MS || schedule.zoneRules < rulesVersion;
}

/** Renews schedules whose times reach only so far ahead, by the lists that the pass has anyway. */
export function createRenewalReconciler({ convergence, log }: RenewalReconcilerDeps) {
  return async function reconcileRenewals(
    configs: TaskConfig[],
    schedules: ReadonlyMap<number, ActualSchedule>,
  ): Promise<{ schedulesRenewed: number }> {
    const now = new Date();
    const due = configs
      .flatMap((config) => {
        const schedule = schedules.get(config.id);
        return schedule && isDueForRenewal(config, schedule, now) ? [schedule] : [];
      })
      .sort((a, b) => (a.rightUntil?.getTime() ?? 0) - (b.rightUntil?.getTime() ?? 0))
      .slice(0, RENEWALS_A_PASS);
    for (const { configId } of due) await convergence.converge(configId);
    if (due.length > 0) log.info({ schedules: due.length }, 'schedules were renewed for the clock changes ahead');
    return { schedulesRenewed: due.length };
  };
}
