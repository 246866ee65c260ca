import { toMilliseconds } from '../common/times';
import { answerScheduleConfig } from '../../../scheduling/schedule/schedule-config';
import { findUnknownParameters } from '../../schemas/parameter-issues';
import { redactFieldsFor, type Reader } from '../common/redaction';
import type { ActualSchedule } from '../../../scheduling/temporal/actual-schedule';
import type { ConfigTotals } from '../../../storage/executions/execution-totals';
import type { ScheduleEvent } from '../../../storage/configs/schedule-event';
import type { TaskConfig } from '../../../storage/configs/task-config';
import type { ConfigBody, ConfigStatsBody, EventBody } from '../../schemas/config-schemas';

/** The actual state of a config's schedule: null when there is none, undefined when Temporal did not answer. */
export type Actual = ActualSchedule | null | undefined;

export const isArmed = (actual: Actual) => actual?.state === 'active';
/** The schedule has fired for the last time; the config stays active until that run has ended. */
const isFinishing = (config: TaskConfig, actual: Actual) =>
  actual?.state === 'exhausted' &&
  actual.recentRuns.length > 0 &&
  (actual.revision ?? config.revision) === config.revision;
export const isConsistent = (config: TaskConfig, actual: Actual) =>
  actual !== undefined && (config.scheduleStatus === 'active') === (isArmed(actual) || isFinishing(config, actual));

export function presentConfig(config: TaskConfig, actual: Actual, reader: Reader): ConfigBody {
  const { scheduleConfig, warnings } = answerScheduleConfig(config.schedulerType, config.scheduleConfig);
  return {
    id: config.id,
    name: config.name,
    description: config.description,
    task_type: config.taskType,
    scheduler_type: config.schedulerType,
    parameters: redactFieldsFor(reader, config.taskType, config.parameters),
    schedule_config: scheduleConfig,
    max_retries: config.maxRetries,
    timeout_seconds: config.timeoutSeconds,
    priority: config.priority,
    created_at: config.createdAt.toISOString(),
    updated_at: config.updatedAt?.toISOString() ?? null,
    schedule_status: config.scheduleStatus,
    is_scheduled: config.scheduleStatus === 'active',
    status_consistent: isConsistent(config, actual),
    schedule_error: config.scheduleError,
    warnings: [
      ...warnings,
      ...findUnknownParameters(config.taskType, config.parameters).map((name) => ({
        code: 'unknown_parameter',
        message: `parameters.${name}: ${config.taskType} does not know it, and ignores it; remove it.`,
      })),
    ],
  };
}

export function presentEvent(event: ScheduleEvent): EventBody {
  return {
    event: event.event,
    timestamp: event.createdAt.toISOString(),
    success: event.success,
    task_name: event.taskName,
    error: event.error,
  };
}

/** The form inside `recent_history`, which has the resulting state as well. */
export const presentRecentEvent = (event: ScheduleEvent): EventBody => ({
  ...presentEvent(event),
  ...(event.newStatus === null ? {} : { new_status: event.newStatus }),
});

const presentLastStatus = (status: ConfigTotals['lastStatus']): ConfigStatsBody['last_status'] =>
  status && (status === 'succeeded' ? 'success' : 'failed');

export function presentConfigStats(totals: ConfigTotals): ConfigStatsBody {
  return {
    total_runs: totals.total,
    successful_runs: totals.succeeded,
    failed_runs: totals.total - totals.succeeded,
    success_rate: totals.total === 0 ? 0 : (totals.succeeded / totals.total) * 100,
    avg_duration: totals.averageSeconds,
    last_run: totals.lastRunAt && toMilliseconds(totals.lastRunAt),
    last_status: presentLastStatus(totals.lastStatus),
  };
}
