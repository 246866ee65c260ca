import { describeRule, parseScheduleConfig } from '../../../scheduling/schedule/schedule-config';
import { previewSchedule } from '../../../scheduling/schedule/schedule-preview';
import { NotFoundError } from '../../errors';
import type { ExecutionQueryRepository } from '../../../storage/executions/execution-query-repository';
import type { TaskConfigRepository } from '../../../storage/configs/task-config-repository';
import type { PreviewBody } from '../../schemas/config-schemas';

export type PreviewService = ReturnType<typeof createPreviewService>;

/** Computes the next fire times of a schedule, as Temporal will compute them. */
export function createPreviewService(deps: { configs: TaskConfigRepository; queries: ExecutionQueryRepository }) {
  function preview(
    schedulerType: string,
    scheduleConfig: unknown,
    options: { count: number; isStored: boolean; recentDurationsSeconds?: number[]; staggerSeconds?: number },
  ): PreviewBody {
    const now = new Date();
    const schedule = parseScheduleConfig(schedulerType, scheduleConfig, options.isStored ? {} : { now, isNew: true });
    const { next_runs, warnings } = previewSchedule(schedule, {
      now,
      count: options.count,
      recentDurationsSeconds: options.recentDurationsSeconds,
      staggerSeconds: options.staggerSeconds,
    });
    return {
      scheduler_type: schedulerType,
      timezone: schedule.timezone,
      description: describeRule(schedule),
      next_runs: next_runs.map((time) => time.toISOString()),
      warnings,
    };
  }

  return {
    preview: (schedulerType: string, scheduleConfig: unknown, count: number) =>
      preview(schedulerType, scheduleConfig, { count, isStored: false }),

    async nextRuns(configId: number, count: number): Promise<PreviewBody> {
      const [config, recentDurationsSeconds] = await Promise.all([
        deps.configs.get(configId),
        deps.queries.recentDurations(configId),
      ]);
      if (!config) throw new NotFoundError('Task config not found');
      const { schedulerType, scheduleConfig, staggerSeconds } = config;
      return preview(schedulerType, scheduleConfig, { count, isStored: true, recentDurationsSeconds, staggerSeconds });
    },
  };
}
