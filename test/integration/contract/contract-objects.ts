import { z } from 'zod';

/**
 * The contract's shapes, in its own words and apart from the schemas of the API, so that a field which is renamed there
 * is missed here. Answers may have more fields than these.
 */

export const int = z.int();
export const text = z.string();
export const datetime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/, 'not a time in UTC');
const object = z.record(z.string(), z.unknown());

export const tokenPair = z.object({
  access_token: text,
  refresh_token: text,
  token_type: z.literal('bearer'),
  expires_at: datetime,
});
export const user = z
  .object({
    id: int,
    email: text,
    username: text,
    full_name: text.nullable(),
    age: int.nullable(),
    is_active: z.boolean(),
    is_superuser: z.boolean(),
    created_at: datetime,
    updated_at: datetime,
  })
  .refine((body) => !('hashed_password' in body) && !('password' in body), 'tells a password');
export const message = z.object({ message: text, success: z.boolean() });

export const status = z.enum(['active', 'inactive', 'paused', 'error']);
export const config = z
  .object({
    id: int,
    name: text,
    description: text.nullable(),
    task_type: text,
    scheduler_type: z.enum(['cron', 'date', 'manual', 'interval']),
    parameters: object,
    schedule_config: object,
    max_retries: int,
    timeout_seconds: int.nullable(),
    priority: int,
    created_at: datetime,
    updated_at: datetime.nullable(),
    schedule_status: status,
    is_scheduled: z.boolean(),
    status_consistent: z.boolean(),
  })
  .refine((body) => body.is_scheduled === (body.schedule_status === 'active'), 'is_scheduled is not status == active');
const configStats = z.object({
  total_runs: int,
  successful_runs: int,
  failed_runs: int,
  success_rate: z.number(),
  avg_duration: z.number(),
  last_run: datetime.nullable(),
  last_status: z.enum(['success', 'failed']).nullable(),
});
export const event = z.object({
  event: text,
  timestamp: datetime,
  success: z.boolean().nullable(),
  task_name: text.nullable(),
  error: text.nullable(),
});
export const configDetail = z.intersection(
  config,
  z.object({ recent_history: z.array(event).max(5), stats: configStats.nullable() }),
);
export const actionResult = z.object({ success: z.boolean(), message: text, config_id: int });
export const execution = z.object({
  id: int,
  task_id: text,
  config_id: int.nullable(),
  is_success: z.boolean(),
  started_at: datetime,
  completed_at: datetime.nullable(),
  duration_seconds: z.number().nullable(),
  result: object.nullable(),
  error_message: text.nullable(),
  created_at: datetime,
});
export const executionFull = execution.extend({
  config_name: text.nullable(),
  task_type: text.nullable(),
  error_traceback: text.nullable(),
});
export const counted = (name: string, item: z.ZodType, about: z.ZodRawShape) =>
  z
    .object({ ...about, [name]: z.array(item), count: int })
    .refine((body) => (body[name] as unknown[]).length === body.count, 'count is not the number of items');
const statsOf = (more: z.ZodRawShape) =>
  z.object({
    period_days: int,
    total_executions: int,
    success_count: int,
    failed_count: int,
    success_rate: z.number(),
    failure_rate: z.number(),
    avg_duration_seconds: z.number(),
    timestamp: datetime,
    ...more,
  });
const byType = z.record(z.string(), int);
export const stats = statsOf({ type_breakdown: byType });
export const statsOfConfig = statsOf({ config_id: int });
export const summary = z.object({
  total_tasks: int,
  active_tasks: int,
  paused_tasks: int,
  inactive_tasks: int,
  error_tasks: int,
  last_updated: datetime,
});
export const configCounts = z.object({ total_configs: int, by_type: byType });
export const submitted = z.object({
  task_id: text,
  config_id: int.nullable(),
  task_type: text,
  status: z.literal('submitted'),
  queue: text,
  message: text,
});
export const component = z.object({ status: z.enum(['healthy', 'unhealthy']), message: text });

export const post = z.object({
  id: text,
  title: text,
  author: text.nullable(),
  subreddit: text,
  subreddit_subscribers: int.nullable(),
  content: text.nullable(),
  url: text.nullable(),
  domain: text.nullable(),
  score: int,
  upvote_ratio: z.number().nullable(),
  num_comments: int,
  flair_text: text.nullable(),
  is_self: z.boolean(),
  is_nsfw: z.boolean(),
  is_spoiler: z.boolean(),
  reddit_created_at: datetime,
  scraped_at: datetime,
});
export const comment = z.object({
  id: text,
  post_id: text,
  author: text.nullable(),
  body: text,
  subreddit: text,
  parent_id: text.nullable(),
  depth: int,
  is_submitter: z.boolean(),
  score: int,
  controversiality: int,
  reddit_created_at: datetime,
  scraped_at: datetime,
});

export const ERROR_SHAPE = z.strictObject({ detail: text.min(1) });
export const FAULTS_SHAPE = z.strictObject({
  detail: z
    .array(
      z.strictObject({
        type: text.min(1),
        loc: z.tuple([z.enum(['body', 'query', 'path', 'header'])], z.union([text, int])),
        msg: text.min(1),
        input: z.unknown().refine((input) => input !== undefined),
        ctx: object.optional(),
      }),
    )
    .min(1),
});

export const job = z
  .object({
    task_id: text,
    task_name: text,
    config_id: int.nullable(),
    schedule: text,
    next_run: datetime.nullable(),
    labels: z.object({
      config_id: text,
      task_type: text,
      scheduler_type: text,
      timeout: text.optional(),
      priority: text.optional(),
    }),
  })
  .refine(
    (body) => body.task_id === `scheduled_task_${body.config_id}` && body.labels.config_id === String(body.config_id),
    'names another config',
  );
export const metadata = z.object({
  name: text,
  task_type: text,
  scheduler_type: text,
  registered_at: datetime,
  timeout_seconds: int.nullable(),
  updated_at: datetime.nullable(),
});
export const page = z
  .object({ items: z.array(config), total: int, page: int, page_size: int, pages: int })
  .refine((body) => body.pages === Math.ceil(body.total / body.page_size), 'pages is not the total by page_size');
