import { z } from 'zod';
import { schedulerTypes } from '../../scheduling/scheduler-types/registry';
import { taskTypes } from '../../tasks/registry';
import { count, datetime, jsonObject } from './common-schemas';
import { findConfigIssues } from './config-issues';
import { boolean, integer } from './request-values';
import type { ScheduleStatus } from '../../storage/configs/task-config';

export const SCHEDULE_STATUSES = ['active', 'inactive', 'paused', 'error'] as const satisfies readonly ScheduleStatus[];
export { SCHEDULE_COMMANDS } from '../../scheduling/temporal/schedule-commands';

/** With a character that is neither white space nor without width. That an empty text is too short is told besides. */
const VISIBLE = /^$|[^\s\u00AD\u200B-\u200F\u2060]/;

const schedulerType = z.enum(schedulerTypes.map(({ name }) => name));

/** "cron: cron_expression or … . date: run_date." and so on, for all types that have fields. */
const fieldsOfTypes = schedulerTypes
  .flatMap(({ name, configFields }) => (configFields === undefined ? [] : `${name}: ${configFields}.`))
  .join(' ');

const TIMEOUT =
  'The time limit of a run in seconds: for all its attempts, and the waits between them, together. null: none';

const fields = {
  name: z.string().min(1).max(200).regex(VISIBLE).describe('Not of blanks alone'),
  description: z.string().max(500).nullable(),
  parameters: jsonObject.describe("As the task type's own schema says"),
  schedule_config: jsonObject.describe(
    `${fieldsOfTypes} Besides: timezone, start_at, end_at, jitter_seconds, stagger, overlap, ` +
      'catchup_window_seconds, pause_on_failure',
  ),
  max_retries: z.int().min(0).max(10),
  timeout_seconds: z.int32().positive().nullable().describe(TIMEOUT),
  priority: z.int().min(1).max(10).describe('10 is the highest'),
};

/** The limits of a run: the allowed values, and the defaults. */
export const configLimits = {
  max_retries: fields.max_retries.default(0),
  timeout_seconds: fields.timeout_seconds.default(null),
  priority: fields.priority.default(5),
};

const createFields = z.object({
  name: fields.name,
  description: fields.description.default(null),
  task_type: z.enum(taskTypes.map((taskType) => taskType.name)),
  scheduler_type: schedulerType,
  parameters: fields.parameters.default({}),
  schedule_config: fields.schedule_config.default({}),
  max_retries: integer(configLimits.max_retries),
  timeout_seconds: integer(configLimits.timeout_seconds),
  priority: integer(configLimits.priority),
});
const checkTypes = (
  body:
    { task_type?: string; scheduler_type?: string; parameters?: unknown; schedule_config?: unknown } | null | undefined,
  context: z.RefinementCtx,
) => {
  for (const issue of findConfigIssues(
    { taskType: body?.task_type ?? '', schedulerType: body?.scheduler_type ?? '' },
    body ?? {},
  ))
    context.addIssue({ ...issue });
};
/** The check runs even when fields are invalid, so that the response lists all errors. */
const always = { when: () => true };
export const createBody = createFields.superRefine(checkTypes, always);
export type CreateBody = z.infer<typeof createBody>;

/** Omitted fields stay as they are. `task_type` and `scheduler_type` cannot change; they are ignored. */
export const updateBody = z.object({
  name: fields.name.optional(),
  description: fields.description.optional(),
  parameters: fields.parameters.optional(),
  schedule_config: fields.schedule_config.optional(),
  max_retries: integer(fields.max_retries.optional()),
  timeout_seconds: integer(fields.timeout_seconds.optional()),
  priority: integer(fields.priority.optional()),
});
export type UpdateBody = z.infer<typeof updateBody>;

const flag = (defaultValue: boolean) => boolean(z.boolean().default(defaultValue));
export const createQuery = z.object({
  auto_schedule: flag(false),
  auto_start: flag(false).describe('Older spelling of auto_schedule'),
});
export const detailQuery = z.object({ include_stats: flag(false) });
const ORDER_COLUMNS = ['created_at', 'updated_at', 'name'] as const;
export const listQuery = z.object({
  task_type: z.string().optional(),
  name_search: z.string().max(100).optional().describe('Part of the name, in any case'),
  page: integer(z.int32().min(1).default(1)),
  page_size: integer(z.int().min(1).max(100).default(20)),
  order_by: z
    .string()
    .default('created_at')
    .transform((text) => ORDER_COLUMNS.find((column) => column === text) ?? 'created_at')
    .describe(`${ORDER_COLUMNS.join(', ')}; anything else counts as created_at`),
  order_desc: flag(true),
});
export type ListQuery = z.infer<typeof listQuery>;

const warning = z.object({ code: z.string(), message: z.string() });

export const config = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string().nullable(),
    task_type: z.string(),
    scheduler_type: schedulerType,
    parameters: jsonObject,
    schedule_config: jsonObject,
    max_retries: z.int(),
    timeout_seconds: z.int().nullable().describe(TIMEOUT),
    priority: z.int(),
    created_at: datetime,
    updated_at: datetime.nullable(),
    schedule_status: z.enum(SCHEDULE_STATUSES),
    is_scheduled: z.boolean(),
    status_consistent: z
      .boolean()
      .describe("The stored state agrees with Temporal's; false also when Temporal does not answer"),
    schedule_error: z.string().nullable().describe('Why the state is error'),
    warnings: z.array(warning).describe('What has no effect in schedule_config and parameters'),
  })
  .meta({ id: 'TaskConfig' });
export type ConfigBody = z.infer<typeof config>;

export const scheduleEvent = z
  .object({
    event: z.string(),
    timestamp: datetime,
    success: z.boolean().nullable(),
    task_name: z.string().nullable(),
    error: z.string().nullable(),
    new_status: z.enum(SCHEDULE_STATUSES).nullable().optional(),
  })
  .meta({ id: 'ScheduleEvent' });
export type EventBody = z.infer<typeof scheduleEvent>;

export const configStats = z
  .object({
    total_runs: count,
    successful_runs: count,
    failed_runs: count,
    success_rate: z.number().describe('Per cent'),
    avg_duration: z.number().describe('Seconds'),
    last_run: datetime.nullable(),
    last_status: z.enum(['success', 'failed']).nullable(),
  })
  .meta({ id: 'TaskConfigStats' });
export type ConfigStatsBody = z.infer<typeof configStats>;

export const configDetail = config
  .extend({ recent_history: z.array(scheduleEvent), stats: configStats.nullable() })
  .meta({ id: 'TaskConfigDetail' });
export type ConfigDetailBody = z.infer<typeof configDetail>;
export const configPage = z
  .object({ items: z.array(config), total: count, page: z.int(), page_size: z.int(), pages: count })
  .meta({ id: 'TaskConfigPage' });
export type ConfigPage = z.infer<typeof configPage>;
export const deleted = z.object({ success: z.literal(true), message: z.string() });

const runCount = integer(z.int().min(1).max(100).default(10));
export const previewBody = z
  .object({ scheduler_type: schedulerType, schedule_config: jsonObject.default({}), count: runCount })
  .superRefine(checkTypes, always);
export const nextRunsQuery = z.object({ count: runCount });
export const preview = z
  .object({
    scheduler_type: schedulerType,
    timezone: z.string(),
    description: z.string(),
    next_runs: z.array(datetime).describe('As the server will fire them, before any jitter'),
    warnings: z.array(warning),
  })
  .meta({ id: 'SchedulePreview' });
export type PreviewBody = z.infer<typeof preview>;
