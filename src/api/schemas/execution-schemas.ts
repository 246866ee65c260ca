import { z } from 'zod';
import { TRIGGERS } from '../../shared/triggers';
import { count, datetime, jsonObject } from './common-schemas';
import { cursor, id, idOrTaskIdParams, integer, limit } from './request-values';

export const EXECUTION_STATUSES = ['running', 'succeeded', 'failed', 'cancelled', 'terminated', 'timed_out'] as const;

/** Splits texts at commas; other values stay, for the schema to refuse. */
function splitStatuses(value: unknown): unknown[] {
  const values = [value].flat().filter((item) => item !== undefined);
  return values.flatMap((item) => (typeof item === 'string' ? item.split(',').map((part) => part.trim()) : [item]));
}

/** Repeatable or comma-separated; `all` means every status. Omitted: finished runs only. */
const status = z
  .preprocess(splitStatuses, z.array(z.enum([...EXECUTION_STATUSES, 'all'])).optional())
  .describe(
    'running, succeeded, failed, cancelled, terminated, timed_out or all; repeatable or comma-separated. ' +
      'Without it: all but running',
  );

export const byConfigQuery = z.object({ limit: limit(200, 50), status, cursor });
export const recentQuery = z.object({
  hours: integer(z.int().min(1).max(720).default(24)),
  limit: limit(500, 100),
  status,
  cursor,
});
export const failedQuery = z.object({
  days: integer(z.int().min(1).max(90).default(7)),
  limit: limit(200, 50),
  status,
  cursor,
});
export const statsQuery = z.object({
  days: integer(z.int().min(1).max(365).default(30)),
  config_id: id().optional().describe('Absent or 0: all'),
});
export const configStatsQuery = statsQuery.omit({ config_id: true });
export const cleanupQuery = z.object({ days_to_keep: integer(z.int().min(30).max(365).default(90)) });
export { idOrTaskIdParams };

export const execution = z
  .object({
    id: z.int(),
    task_id: z.string(),
    config_id: z.int().nullable(),
    config_name: z.string().nullable().describe('Of a deleted config: its name when the run began'),
    is_success: z.boolean(),
    started_at: datetime,
    completed_at: datetime.nullable(),
    duration_seconds: z.number().nullable(),
    result: jsonObject.nullable(),
    error_message: z.string().nullable(),
    created_at: datetime,
    status: z.enum(EXECUTION_STATUSES),
    task_type: z.string().nullable(),
    triggered_by: z
      .enum(TRIGGERS)
      .describe(
        'schedule: it was due; manual, by_type, batch, retry: requested through the API; ' +
          'reset, backfill: those of Temporal; temporal: started in Temporal in any other way',
      ),
    scheduled_at: datetime.nullable().describe('The time of its schedule, before any jitter; null where it had none'),
    workflow_id: z.string(),
    run_id: z.string(),
    attempt: z.int().describe('The newest attempt, 1 for the first; 0 before it began'),
    retry_of: z.int().nullable().describe('The execution that this one repeats'),
    retried_by: z.int().nullable().describe('The newest execution that repeats this one'),
    temporal_ui_url: z.string().nullable(),
  })
  .meta({ id: 'Execution' });
export type ExecutionBody = z.infer<typeof execution>;

export const executionFull = execution.extend({ error_traceback: z.string().nullable() }).meta({ id: 'ExecutionFull' });
export type ExecutionFullBody = z.infer<typeof executionFull>;

export const executionDetail = executionFull
  .extend({
    parameters: jsonObject,
    attempts: z.array(
      z.object({
        attempt: z.int(),
        outcome: z.string(),
        worker: z.string(),
        started_at: datetime,
        ended_at: datetime.nullable(),
        failure: jsonObject.nullable(),
      }),
    ),
    live: z
      .object({
        pending_activities: z.array(
          z.object({
            type: z.string(),
            attempt: z.int(),
            last_failure: z.string().nullable(),
            last_heartbeat_at: datetime.nullable(),
          }),
        ),
        history_length: z.int(),
      })
      .optional()
      .describe('What Temporal says of a running one; absent when it does not answer'),
  })
  .meta({ id: 'ExecutionDetail' });
export type ExecutionDetailBody = z.infer<typeof executionDetail>;

export const configExecutions = z.object({ config_id: z.int(), executions: z.array(execution), count });
export const recentExecutions = z.object({ hours: z.int(), executions: z.array(executionFull), count });
export const failedExecutions = z.object({ days: z.int(), failed_executions: z.array(executionFull), count });

export const stats = z
  .object({
    period_days: z.int(),
    total_executions: count,
    success_count: count,
    failed_count: count,
    success_rate: z.number().describe('Per cent'),
    failure_rate: z.number().describe('Per cent'),
    avg_duration_seconds: z.number(),
    type_breakdown: z
      .record(z.string(), count)
      .optional()
      .describe('All of them by task type, with or without a config; `unknown` where no type is known'),
    config_id: z.int().optional(),
    timestamp: datetime,
  })
  .meta({ id: 'ExecutionStats' });
export type StatsBody = z.infer<typeof stats>;

export const cleanupResult = z.object({ success: z.literal(true), deleted_count: count, message: z.string() });
export const controlResult = z
  .object({ success: z.literal(true), message: z.string(), task_id: z.string() })
  .meta({ id: 'RunControlResult' });
export type ControlResult = z.infer<typeof controlResult>;
