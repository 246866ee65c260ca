import { z } from 'zod';
import { count, datetime, jsonObject } from './common-schemas';
import { SCHEDULE_COMMANDS, SCHEDULE_STATUSES, scheduleEvent } from './config-schemas';
import { id, limit } from './request-values';

export const actionParams = z.object({ id: id(), action: z.enum(SCHEDULE_COMMANDS) });
export const batchParams = z.object({ action: z.enum(SCHEDULE_COMMANDS) });
export const batchBody = z.object({ config_ids: z.array(id()).min(1).max(1_000) });
export const historyQuery = z.object({ limit: limit(200, 50) });

export const actionResult = z
  .object({ success: z.boolean(), message: z.string(), config_id: z.int() })
  .meta({ id: 'ActionResult' });

export const batchResult = z
  .object({
    action: z.string(),
    results: z.array(actionResult),
    total: count,
    success_count: count,
    failed_count: count,
  })
  .meta({ id: 'ScheduleBatchResult' });
export type BatchResultBody = z.infer<typeof batchResult>;

const job = z
  .object({
    task_id: z.string(),
    task_name: z.string(),
    config_id: z.int().nullable(),
    schedule: z.string().describe('Cron text, run date or interval'),
    labels: z.record(z.string(), z.string()),
    next_run: datetime.nullable().describe("Temporal's own next time"),
  })
  .meta({ id: 'ScheduledJob' });
export const jobs = z.object({ schedules: z.array(job), total: count });
export type JobsBody = z.infer<typeof jobs>;

export const scheduleInfo = z
  .object({
    config_id: z.int(),
    status: z.enum(SCHEDULE_STATUSES),
    is_scheduled: z.boolean(),
    is_actually_scheduled: z.boolean(),
    status_consistent: z.boolean(),
    metadata: jsonObject.describe(
      'name, task_type, scheduler_type, registered_at, timeout_seconds, updated_at; empty when it was never started',
    ),
    recent_history: z.array(scheduleEvent),
    next_run: datetime.nullable(),
    actual: z
      .object({
        state: z.enum(['active', 'paused', 'exhausted']),
        note: z.string().nullable(),
        is_foreign_pause: z.boolean(),
        times_fired: count,
        skipped_overlap: count,
        missed_catchup: count,
      })
      .nullable()
      .optional()
      .describe('What Temporal says of the schedule; null when there is none'),
  })
  .meta({ id: 'ScheduleInfo' });
export type ScheduleInfoBody = z.infer<typeof scheduleInfo>;

export const history = z.object({ config_id: z.int(), history: z.array(scheduleEvent), count });
