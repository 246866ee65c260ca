import { z } from 'zod';

/**
 * The contract's shapes, in its own words and apart from the schemas of the API, so that a field which is renamed there
 * is missed here. Answers may have more fields than these.
 */
const int = z.int();
const text = z.string();
const datetime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/, 'not a time in UTC');
const object = z.record(z.string(), z.unknown());

const tokenPair = z.object({
  access_token: text,
  refresh_token: text,
  token_type: z.literal('bearer'),
  expires_at: datetime,
});
const user = z
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
const message = z.object({ message: text, success: z.boolean() });

const status = z.enum(['active', 'inactive', 'paused', 'error']);
const config = z
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
const event = z.object({
  event: text,
  timestamp: datetime,
  success: z.boolean().nullable(),
  task_name: text.nullable(),
  error: text.nullable(),
});
const configDetail = z.intersection(
  config,
  z.object({ recent_history: z.array(event).max(5), stats: configStats.nullable() }),
);
const actionResult = z.object({ success: z.boolean(), message: text, config_id: int });
const execution = z.object({
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
const executionFull = execution.extend({
  config_name: text.nullable(),
  task_type: text.nullable(),
  error_traceback: text.nullable(),
});
const counted = (name: string, item: z.ZodType, about: z.ZodRawShape) =>
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
const stats = statsOf({ type_breakdown: byType });
const statsOfConfig = statsOf({ config_id: int });
const summary = z.object({
  total_tasks: int,
  active_tasks: int,
  paused_tasks: int,
  inactive_tasks: int,
  error_tasks: int,
  last_updated: datetime,
});
const configCounts = z.object({ total_configs: int, by_type: byType });
const submitted = z.object({
  task_id: text,
  config_id: int.nullable(),
  task_type: text,
  status: z.literal('submitted'),
  queue: text,
  message: text,
});
const component = z.object({ status: z.enum(['healthy', 'unhealthy']), message: text });

const post = z.object({
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
const comment = z.object({
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

const job = z
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
const metadata = z.object({
  name: text,
  task_type: text,
  scheduler_type: text,
  registered_at: datetime,
  timeout_seconds: int.nullable(),
  updated_at: datetime.nullable(),
});
const page = z
  .object({ items: z.array(config), total: int, page: int, page_size: int, pages: int })
  .refine((body) => body.pages === Math.ceil(body.total / body.page_size), 'pages is not the total by page_size');

/** The 43 routes of the published list, in all their spellings. */
export const SHAPES: Record<string, Record<number, z.ZodType>> = {
  'POST /auth/login': { 200: tokenPair },
  'POST /auth/register': { 201: user },
  'POST /auth/refresh': { 200: tokenPair },
  'POST /auth/revoke': { 204: z.null() },
  'POST /auth/logout': { 204: z.null() },
  'GET /auth/me': { 200: user },
  'POST /auth/forgot-password': { 200: message },
  'POST /auth/verify-reset-token': { 200: message },
  'POST /auth/reset-password': { 200: message },
  'POST /users': { 201: user },
  'GET /users': { 200: z.array(user) },
  'GET /users/{user_id}': { 200: user },
  'PATCH /users/{user_id}': { 200: user },
  'DELETE /users/{user_id}': { 200: user },
  'GET /tasks/configs': { 200: page },
  'POST /tasks/configs': { 201: config },
  'GET /tasks/configs/{id}': { 200: configDetail },
  'PUT /tasks/configs/{id}': { 200: config },
  'PATCH /tasks/configs/{id}': { 200: config },
  'DELETE /tasks/configs/{id}': { 200: z.object({ success: z.literal(true), message: text }) },
  'POST /tasks/schedules/{id}/{action}': { 200: actionResult },
  'GET /tasks/schedules': { 200: z.object({ schedules: z.array(job), total: int }) },
  'GET /tasks/schedules/{id}': {
    200: z.object({
      config_id: int,
      status,
      is_scheduled: z.boolean(),
      is_actually_scheduled: z.boolean(),
      status_consistent: z.boolean(),
      metadata: z.union([metadata, z.strictObject({})]),
      recent_history: z.array(event).max(5),
      next_run: datetime.nullish(),
    }),
  },
  'GET /tasks/schedules/{id}/history': { 200: counted('history', event, { config_id: int }) },
  'DELETE /tasks/schedules/{id}': { 200: actionResult },
  'POST /tasks/schedules/batch/{action}': {
    200: z.object({ action: text, results: z.array(actionResult), total: int, success_count: int, failed_count: int }),
  },
  'GET /tasks/schedules/summary': { 200: summary },
  'GET /tasks/executions/by-config/{id}': { 200: counted('executions', execution, { config_id: int }) },
  'GET /tasks/executions/configs/{id}': { 200: counted('executions', execution, { config_id: int }) },
  'GET /tasks/executions/recent': { 200: counted('executions', executionFull, { hours: int }) },
  'GET /tasks/executions/failed': { 200: counted('failed_executions', executionFull, { days: int }) },
  'GET /tasks/executions/stats': { 200: z.union([stats, statsOfConfig]) },
  'GET /tasks/executions/{id}/stats': { 200: statsOfConfig },
  'GET /tasks/executions/{id}': { 200: executionFull },
  'DELETE /tasks/executions/cleanup': {
    200: z.object({ success: z.literal(true), deleted_count: int, message: text }),
  },
  'POST /tasks/execute/{id}': { 200: submitted },
  'POST /tasks/execute/by-type/{type}': { 200: submitted.extend({ config_id: z.null() }) },
  'POST /tasks/execute/batch': {
    200: z.object({
      task_ids: z.array(text),
      total_submitted: int,
      config_ids: z.array(int),
      failed: z.array(z.object({ id: int, error: text })),
      total_failed: int,
      status: z.literal('submitted'),
    }),
  },
  'GET /tasks/system/status': {
    200: z.object({
      system_time: datetime,
      scheduler_status: text,
      database_status: text,
      redis_status: text,
      config_stats: configCounts,
      schedule_summary: summary,
      execution_stats: stats,
    }),
  },
  'GET /tasks/system/health': {
    200: z.object({
      status: z.enum(['healthy', 'degraded', 'unhealthy']),
      timestamp: datetime,
      components: z.object({ database: component, redis: component, scheduler: component }),
      error: text.nullable(),
    }),
  },
  'GET /tasks/system/enums': {
    200: z.object({
      scheduler_types: z.array(text),
      schedule_actions: z.array(text),
      task_types: z.array(text),
      schedule_statuses: z.array(text),
    }),
  },
  'GET /tasks/system/dashboard': {
    200: z.object({
      dashboard: z.object({
        config_stats: configCounts,
        schedule_summary: summary,
        execution_stats: z.object({ last_7_days: stats, last_30_days: stats }),
        generated_at: datetime,
      }),
    }),
  },
  'GET /reddit/posts': { 200: z.array(post) },
  'GET /reddit/posts/{post_id}': { 200: post },
  'GET /reddit/posts/{post_id}/comments': { 200: z.array(comment) },
  'GET /reddit/comments': { 200: z.array(comment) },
};
