import { z } from 'zod';
import { AD_HOC_ACCESSES } from '../../tasks/task-type';
import { count, datetime, jsonObject } from './common-schemas';
import { stats } from './execution-schemas';

export const summary = z
  .object({
    total_tasks: count,
    active_tasks: count,
    paused_tasks: count,
    inactive_tasks: count,
    error_tasks: count,
    last_updated: datetime,
  })
  .meta({ id: 'ScheduleSummary' });
export type SummaryBody = z.infer<typeof summary>;

const configStats = z
  .object({ total_configs: count, by_type: z.record(z.string(), count) })
  .meta({ id: 'ConfigCounts' });

export const systemStatus = z
  .object({
    system_time: datetime,
    scheduler_status: z.string().describe('运行中 when it answers'),
    database_status: z.string().describe('正常 when it answers'),
    redis_status: z.string().describe('正常 when it answers'),
    config_stats: configStats,
    schedule_summary: summary,
    execution_stats: stats,
    reddit: z.object({ source: z.enum(['reddit', 'sandbox']), notice: z.string().optional() }),
    time_zones: z.object({
      version: z.string().describe('Release of the IANA time zone database whose rules Taskloom uses'),
      temporal_version: z.string().nullable().describe("That of Temporal's server; null when it is not known"),
      differing_zones: z
        .array(z.string())
        .nullable()
        .describe(
          'Zones of active and paused configs for which the server has other rules; null while it is not known',
        ),
      warning: z.string().nullable(),
    }),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.infer<typeof systemStatus>;

const component = z.object({ status: z.enum(['healthy', 'unhealthy']), message: z.string() });
export const systemHealth = z
  .object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    timestamp: datetime,
    components: z.object({ database: component, redis: component, scheduler: component }),
    reconcile: z
      .object({ last_pass_at: datetime.nullable(), age_seconds: z.number().nullable() })
      .describe('The last reconcile pass of a worker. One begins every minute; null where none is known'),
    error: z.string().nullable(),
  })
  .meta({ id: 'SystemHealth' });
export type SystemHealth = z.infer<typeof systemHealth>;

export const enums = z
  .object({
    scheduler_types: z.array(z.string()),
    schedule_actions: z.array(z.string()),
    task_types: z.array(z.string()),
    schedule_statuses: z.array(z.string()),
  })
  .meta({ id: 'Enums' });

const range = z.object({ minimum: z.int().nullable(), maximum: z.int().nullable(), default: z.int().nullable() });
export const taskTypeList = z
  .object({
    task_types: z.array(
      z
        .object({
          name: z.string(),
          summary: z.string(),
          parameters: jsonObject.describe(
            'JSON Schema (2020-12) of what one may send; a property with a default may be left out',
          ),
          defaults: jsonObject.describe('The parameters that have a default'),
          is_short: z
            .boolean()
            .describe('Ends within seconds, runs many at once in batches, cannot be cancelled half-way'),
          ad_hoc_access: z
            .enum(AD_HOC_ACCESSES)
            .describe("The role that running it by type needs, with parameters of one's own"),
          limits: z.object({ max_retries: range, timeout_seconds: range, priority: range }).describe('Of every config'),
        })
        .meta({ id: 'TaskType' }),
    ),
    total: count,
  })
  .meta({ id: 'TaskTypeList' });
export type TaskTypeList = z.infer<typeof taskTypeList>;

export const dashboard = z
  .object({
    dashboard: z.object({
      config_stats: configStats,
      schedule_summary: summary,
      execution_stats: z.object({ last_7_days: stats, last_30_days: stats }),
      generated_at: datetime,
    }),
  })
  .meta({ id: 'Dashboard' });
export type DashboardBody = z.infer<typeof dashboard>;

export const live = z.object({ status: z.literal('ok') });
export const ready = z.object({ status: z.enum(['ok', 'unavailable']), components: z.record(z.string(), component) });
