import { nextFireTimes } from '../schedule/fire-times';
import { findExpiry, tryParse } from '../schedule/schedule-config';
import { findSchedulerType } from '../scheduler-types/registry';
import type { Logger } from '../../platform/logger';
import type { TaskConfig } from '../../storage/configs/task-config';
import type { TaskConfigRepository } from '../../storage/configs/task-config-repository';
import type { ScheduleConvergence } from './schedule-convergence';

type Configs = Pick<TaskConfigRepository, 'get' | 'setScheduleStatus' | 'addEvents'>;

/**
 * Writes that an active config will never fire again: as done, or with what `failed` says. False when the config has
 * changed since `row` was read, and nothing was written.
 */
export async function recordEnd(configs: Configs, row: TaskConfig, end: { hasRun: boolean; failed?: string }) {
  const newStatus = end.failed === undefined ? 'inactive' : 'error';
  const written = await configs.setScheduleStatus(row.id, newStatus, {
    from: ['active'],
    ifRevision: row.revision,
    error: end.failed,
  });
  if (!written) return false;
  await configs.addEvents(row.id, [
    { event: 'status_changed', newStatus },
    { event: 'task_completed', taskName: row.name, success: end.hasRun, error: end.failed },
  ]);
  return true;
}

/**
 * Ends the config whose schedule has started its only run. Call it when a run that a schedule started has ended, with
 * the time that it was due.
 */
export type EndSpentSchedule = (configId: number, dueAt: Date) => Promise<void>;

/** Whether this is the config's date. After an edit, a run of another date may end while that one is due. */
function isDateOf({ schedulerType, scheduleConfig }: TaskConfig, dueAt: Date): boolean {
  const schedule = tryParse(schedulerType, scheduleConfig);
  const [date] = schedule ? nextFireTimes(schedule, new Date(dueAt.getTime() - 1), 1) : [];
  return date?.getTime() === dueAt.getTime();
}

/**
 * Reconcile would find the spent schedule within a minute. An edit that gives the config a new date wins over the end
 * of the run for the old one.
 */
export function createSpentScheduleEnd({
  configs,
  convergence,
  log,
}: {
  configs: Configs;
  convergence: ScheduleConvergence;
  log: Logger;
}): EndSpentSchedule {
  return async (configId, dueAt) => {
    const row = await configs.get(configId);
    if (row?.scheduleStatus !== 'active' || findSchedulerType(row.schedulerType)?.fires !== 'once') return;
    if (!isDateOf(row, dueAt) || findExpiry(row.schedulerType, row.scheduleConfig, new Date()) === null) return;
    if (!(await recordEnd(configs, row, { hasRun: true }))) return;
    // The run does not wait for it: reconcile removes a schedule that is left.
    convergence
      .converge(configId)
      .catch((error: unknown) => log.warn({ err: error, configId }, 'a spent schedule was not removed'));
  };
}
