import type { ScheduleOptions, ScheduleOptionsStartWorkflowAction } from '@temporalio/client';
import type { Priority } from '@temporalio/common';
import { parseScheduleConfig } from '../schedule/schedule-config';
import { noteOf } from './schedule-note';
import { toRunSearchAttributes, toScheduleSearchAttributes } from './search-attributes';
import { toTemporalSpec } from './temporal-spec';
import { priorityKeyOf } from '../../shared/priority-key';
import { runSummary } from '../../shared/run-summary';
import type { TaskConfig } from '../../storage/configs/task-config';
import type * as workflows from '../../workflows';

/** Identifies the last start that the schedule has followed. A pause or an edit does not change it. */
export const armedAtOf = (config: TaskConfig) => config.registeredAt?.toISOString() ?? null;

/** The SDK sends a priority, although its type for new actions lacks the field. */
export type StartRun = ScheduleOptionsStartWorkflowAction<typeof workflows.runTask> & { priority?: Priority };
export type TaskConfigSchedule = ScheduleOptions<StartRun> & {
  state: { paused: boolean; note: string; remainingActions?: number };
};

/** The Temporal schedule that a config desires from `now` on; null when it desires none. Throws ScheduleConfigError. */
export function taskConfigSchedule(
  config: TaskConfig,
  { scheduleId, taskQueue, now }: { scheduleId: string; taskQueue: string; now: Date },
): TaskConfigSchedule | null {
  if (config.scheduleStatus !== 'active' && config.scheduleStatus !== 'paused') return null;
  const schedule = parseScheduleConfig(config.schedulerType, config.scheduleConfig);
  const translated = toTemporalSpec(schedule, { now, staggerSeconds: config.staggerSeconds });
  if (!translated) return null;
  const { spec, policies, remainingActions, rightUntil } = translated;
  return {
    scheduleId,
    spec,
    policies,
    state: {
      paused: config.scheduleStatus === 'paused',
      note: noteOf({ revision: config.revision, rightUntil }),
      remainingActions,
    },
    typedSearchAttributes: toScheduleSearchAttributes(config.id),
    action: {
      type: 'startWorkflow',
      workflowType: 'runTask' satisfies keyof typeof workflows,
      // Temporal appends the scheduled time.
      workflowId: scheduleId,
      taskQueue,
      args: [{ configId: config.id, triggeredBy: 'schedule' }],
      memo: { configName: config.name, taskType: config.taskType, armedAt: armedAtOf(config) },
      typedSearchAttributes: toRunSearchAttributes({
        configId: config.id,
        taskType: config.taskType,
        triggeredBy: 'schedule',
      }),
      staticSummary: runSummary(config.taskType, config.name),
      priority: { priorityKey: priorityKeyOf(config.priority) },
    },
  };
}
