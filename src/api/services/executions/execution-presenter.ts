import { redactTextFor, redactFieldsFor, type Reader } from '../common/redaction';
import { toMilliseconds } from '../common/times';
import type { ExecutionListItem } from '../../../storage/executions/execution-query-repository';
import type { ExecutionTotals } from '../../../storage/executions/execution-totals';
import type { ExecutionBody, ExecutionFullBody, StatsBody } from '../../schemas/execution-schemas';

/** The URL of a run in the Temporal Web UI; null when no UI is configured. */
export type LinkToRun = (workflowId: string, runId: string) => string | null;

export function presentExecution(view: ExecutionListItem, linkToRun: LinkToRun, reader: Reader): ExecutionBody {
  return {
    id: view.id,
    task_id: view.taskId,
    config_id: view.configId,
    config_name: view.configName,
    is_success: view.isSuccess,
    started_at: toMilliseconds(view.startedAt),
    completed_at: view.completedAt && toMilliseconds(view.completedAt),
    duration_seconds: view.durationSeconds,
    result: redactFieldsFor(reader, view.taskType, view.result),
    error_message: redactTextFor(reader, view.taskType, view.errorMessage),
    created_at: toMilliseconds(view.createdAt),
    status: view.status,
    task_type: view.taskType,
    triggered_by: view.triggeredBy,
    scheduled_at: view.scheduledAt && toMilliseconds(view.scheduledAt),
    workflow_id: view.workflowId,
    run_id: view.runId,
    attempt: view.attempt,
    retry_of: view.retryOf,
    retried_by: view.retriedBy,
    temporal_ui_url: linkToRun(view.workflowId, view.runId),
  };
}

export function presentExecutionFull(view: ExecutionListItem, linkToRun: LinkToRun, reader: Reader): ExecutionFullBody {
  return {
    ...presentExecution(view, linkToRun, reader),
    error_traceback: redactTextFor(reader, view.taskType, view.errorTraceback),
  };
}

const percent = (part: number, total: number) => (total === 0 ? 0 : (part / total) * 100);

/** With `configId` the statistics of one config, which have no breakdown by task type. */
export function presentStats(totals: ExecutionTotals, days: number, configId?: number): StatsBody {
  const failed = totals.total - totals.succeeded;
  return {
    period_days: days,
    total_executions: totals.total,
    success_count: totals.succeeded,
    failed_count: failed,
    success_rate: percent(totals.succeeded, totals.total),
    failure_rate: percent(failed, totals.total),
    avg_duration_seconds: totals.averageSeconds,
    ...(configId === undefined ? { type_breakdown: totals.byType } : { config_id: configId }),
    timestamp: new Date().toISOString(),
  };
}
