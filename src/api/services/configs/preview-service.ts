import { describeRule, readScheduleConfig } from '../../../scheduling/schedule/schedule-config';
import { previewSchedule } from '../../../scheduling/schedule/schedule-preview';
import { zoneWarning, serverZoneOf } from '../../../scheduling/temporal/server-zones';
import { DAY_MS } from '../../../shared/durations';
import { NotFoundError } from '../../errors';
import type { ScheduleGateway } from '../../../scheduling/temporal/schedule-gateway';
import type { ServerZones } from '../../../scheduling/temporal/server-zones';
import type { ExecutionQueryRepository } from '../../../storage/executions/execution-query-repository';
import type { TaskConfigRepository } from '../../../storage/configs/task-config-repository';
import type { PreviewBody } from '../../schemas/config-schemas';

/** Other rules of a zone move a run by hours, and by no more than this. */
const ZONE_SHIFT_MS = 2 * DAY_MS;

export type PreviewService = ReturnType<typeof createPreviewService>;

interface PreviewOptions {
  count: number;
  isStored: boolean;
  recentDurationsSeconds?: number[];
  staggerSeconds?: number;
  /** The config whose schedule is armed, if any. */
  armedId?: number;
}

/** Computes the next fire times of a schedule, as Temporal will compute them. */
export function createPreviewService(deps: {
  configs: TaskConfigRepository;
  queries: ExecutionQueryRepository;
  gateway: Pick<ScheduleGateway, 'timesBetween'>;
  zones: Pick<ServerZones, 'differs'>;
}) {
  /** While Temporal is away, our own rules have to do. */
  const differs = (zone: string) => deps.zones.differs(zone).catch(() => false);

  /** Temporal's own times of an armed schedule; undefined while it does not answer. */
  async function serverTimes(configId: number, now: Date, ours: Date[], count: number): Promise<Date[] | undefined> {
    const until = new Date((ours.at(-1) ?? now).getTime() + ZONE_SHIFT_MS);
    const times = await deps.gateway.timesBetween(configId, { after: now, until, atMost: count }).catch(() => []);
    return times.length > 0 ? times : undefined;
  }

  async function preview(
    schedulerType: string,
    scheduleConfig: unknown,
    options: PreviewOptions,
  ): Promise<PreviewBody> {
    const now = new Date();
    const isNew = !options.isStored;
    const read = readScheduleConfig(schedulerType, scheduleConfig, isNew ? { now, isNew } : {});
    const { schedule, warnings: fieldWarnings } = read;
    const { next_runs, warnings } = previewSchedule(schedule, { ...options, now, fieldWarnings });
    const zone = serverZoneOf(schedule);
    const isOtherZone = zone !== undefined && (await differs(zone));
    const theirs =
      isOtherZone && options.armedId !== undefined
        ? await serverTimes(options.armedId, now, next_runs, options.count)
        : undefined;
    return {
      scheduler_type: schedulerType,
      timezone: schedule.timezone,
      description: describeRule(schedule),
      next_runs: (theirs ?? next_runs).map((time) => time.toISOString()),
      warnings: isOtherZone ? [zoneWarning(zone, { isServerTime: theirs !== undefined }), ...warnings] : warnings,
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
      const { schedulerType, scheduleConfig, scheduleStatus, staggerSeconds } = config;
      const armedId = scheduleStatus === 'active' ? configId : undefined;
      return preview(schedulerType, scheduleConfig, {
        count,
        isStored: true,
        recentDurationsSeconds,
        staggerSeconds,
        armedId,
      });
    },
  };
}
