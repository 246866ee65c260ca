import type { z } from 'zod';
import { redditScrape } from '../../tasks/reddit-scrape';
import { testTimeout } from '../../tasks/test-timeout';
import { TEXTS } from '../errors';
import type { AuditBody } from '../schemas/audit-schemas';
import type { createApiKeyBody, NewApiKeyBody } from '../schemas/api-key-schemas';
import type { loginBody, refreshBody, revokeBody, TokenPair } from '../schemas/auth-schemas';
import type { ConfigBody, createBody, PreviewBody, previewBody, updateBody } from '../schemas/config-schemas';
import type { batchBody, BatchSubmitted, byTypeBody, Submitted } from '../schemas/execute-schemas';
import type { EstimateBody, estimateBody } from '../schemas/estimate-schemas';
import type { ControlResult, ExecutionBody, StatsBody } from '../schemas/execution-schemas';
import type { ProgressBody } from '../schemas/progress-schemas';
import type { commentSearchBody, SearchBody } from '../schemas/reddit-insight-schemas';
import type { forgotBody, resetBody, verifyBody } from '../schemas/password-reset-schemas';
import type { PostBody } from '../schemas/reddit-schemas';
import type { batchBody as batchOfSchedulesBody } from '../schemas/schedule-schemas';
import type { createUserBody, registerBody, updateUserBody, UserBody } from '../schemas/user-schemas';

const AT = '2027-03-01T03:30:00.000Z';

const config = {
  id: 2,
  name: 'r/typescript, nightly',
  description: null,
  task_type: 'REDDIT_SCRAPE',
  scheduler_type: 'cron',
  parameters: redditScrape.examples.accepted[0],
  schedule_config: { cron_expression: '30 3 * * *', timezone: 'Europe/Berlin' },
  max_retries: 2,
  timeout_seconds: 900,
  priority: 5,
  created_at: AT,
  updated_at: null,
  schedule_status: 'active',
  is_scheduled: true,
  status_consistent: true,
  schedule_error: null,
} satisfies ConfigBody;

const updated = {
  request: { priority: 8, timeout_seconds: null } satisfies z.input<typeof updateBody>,
  answer: { ...config, priority: 8, timeout_seconds: null, updated_at: AT } satisfies ConfigBody,
};

const execution = {
  id: 41,
  task_id: 'task-config-2-0f8b5c0e',
  config_id: 2,
  is_success: true,
  started_at: AT,
  completed_at: '2027-03-01T03:30:12.250Z',
  duration_seconds: 12.25,
  result: { return_value: { config_id: 2, posts: 100 } },
  error_message: null,
  created_at: AT,
  status: 'succeeded',
  task_type: 'REDDIT_SCRAPE',
  triggered_by: 'schedule',
  workflow_id: 'task-config-2-0f8b5c0e',
  run_id: '7a1c2d34-5b6e-4f70-8a91-b2c3d4e5f607',
  attempt: 1,
  retry_of: null,
  retried_by: null,
  temporal_ui_url: null,
} satisfies ExecutionBody;

const submitted = {
  task_id: 'task-config-2-0f8b5c0e',
  config_id: 2,
  task_type: 'REDDIT_SCRAPE',
  status: 'submitted',
  queue: 'taskloom',
  message: 'Submitted',
} satisfies Submitted;

const post = {
  id: '1b2c3d',
  title: 'TypeScript 6 is out',
  author: 'someone',
  subreddit: 'typescript',
  subreddit_subscribers: 170_000,
  content: null,
  url: 'https://example.org/',
  domain: 'example.org',
  score: 512,
  upvote_ratio: 0.97,
  num_comments: 80,
  flair_text: null,
  is_self: false,
  is_nsfw: false,
  is_spoiler: false,
  reddit_created_at: AT,
  scraped_at: AT,
  is_deleted: false,
  is_sandbox: false,
  edited_at: null,
} satisfies PostBody;

const {
  id: _id,
  created_at: _created,
  updated_at: _updated,
  schedule_status: _status,
  is_scheduled: _scheduled,
  status_consistent: _consistent,
  schedule_error: _error,
  ...newConfig
} = config;

const newUser = {
  email: 'ada@example.com',
  username: 'ada',
  password: 'a long phrase of hers',
  full_name: 'Ada Lovelace',
  age: 36,
};
const user = {
  id: 5,
  email: newUser.email,
  username: newUser.username,
  full_name: newUser.full_name,
  age: newUser.age,
  is_active: true,
  is_superuser: false,
  role: null,
  created_at: AT,
  updated_at: AT,
} satisfies UserBody;

/** What one would type in, and what comes back: by method and path as the document has them. */
export const EXAMPLES: Record<string, { request?: unknown; answer?: unknown }> = {
  'post /api/v1/auth/login': {
    request: { username: 'admin', password: 'the password of the first start', remember_me: false } satisfies z.input<
      typeof loginBody
    >,
    answer: {
      access_token: 'eyJhbGciOiJIUzI1NiJ9.…',
      refresh_token: 'eyJhbGciOiJIUzI1NiJ9.…',
      token_type: 'bearer',
      expires_at: AT,
    } satisfies TokenPair,
  },
  'post /api/v1/auth/register': { request: newUser satisfies z.input<typeof registerBody>, answer: user },
  'post /api/v1/auth/refresh': {
    request: { refresh_token: 'eyJhbGciOiJIUzI1NiJ9.…' } satisfies z.input<typeof refreshBody>,
  },
  'post /api/v1/auth/revoke': {
    request: { token: 'eyJhbGciOiJIUzI1NiJ9.…', token_type: 'refresh_token' } satisfies z.input<typeof revokeBody>,
  },
  'post /api/v1/auth/forgot-password': { request: { email: newUser.email } satisfies z.input<typeof forgotBody> },
  'post /api/v1/auth/verify-reset-token': {
    request: { token: 'the token of the mail' } satisfies z.input<typeof verifyBody>,
  },
  'post /api/v1/auth/reset-password': {
    request: { token: 'the token of the mail', new_password: 'another long phrase' } satisfies z.input<
      typeof resetBody
    >,
  },
  'post /api/v1/users': {
    request: { ...newUser, role: 'operator' } satisfies z.input<typeof createUserBody>,
    answer: { ...user, role: 'operator' } satisfies UserBody,
  },
  'get /api/v1/users/{user_id}': { answer: user },
  'patch /api/v1/users/{user_id}': {
    request: { full_name: 'Ada King', age: null } satisfies z.input<typeof updateUserBody>,
    answer: { ...user, full_name: 'Ada King', age: null, updated_at: AT } satisfies UserBody,
  },
  'post /api/v1/tasks/schedules/batch/{action}': {
    request: { config_ids: [2, 3] } satisfies z.input<typeof batchOfSchedulesBody>,
  },
  'post /api/v1/auth/api-keys': {
    request: { name: 'nightly export', scope: 'read', expires_in_days: 90 } satisfies z.input<typeof createApiKeyBody>,
    answer: {
      id: 3,
      name: 'nightly export',
      prefix: 'tlk_1a2b3c4d',
      scope: 'read',
      created_at: AT,
      expires_at: '2027-05-30T03:30:00.000Z',
      is_expired: false,
      last_used_at: null,
      last_used_address: null,
      key: 'tlk_1a2b3c4d_…',
    } satisfies NewApiKeyBody,
  },
  'post /api/v1/tasks/configs': { request: newConfig satisfies z.input<typeof createBody>, answer: config },
  'get /api/v1/tasks/configs': { answer: { items: [config], total: 1, page: 1, page_size: 20, pages: 1 } },
  'put /api/v1/tasks/configs/{id}': updated,
  'patch /api/v1/tasks/configs/{id}': updated,
  'post /api/v1/tasks/configs/preview-schedule': {
    request: {
      scheduler_type: 'cron',
      schedule_config: { cron_expression: '30 2 * * *', timezone: 'Europe/Berlin' },
      count: 2,
    } satisfies z.input<typeof previewBody>,
    answer: {
      scheduler_type: 'cron',
      timezone: 'Europe/Berlin',
      description: '30 2 * * *',
      next_runs: ['2027-03-27T01:30:00.000Z', '2027-03-29T00:30:00.000Z'],
      warnings: [
        {
          code: 'dst_gap',
          message:
            'On 2027-03-28 the clocks in Europe/Berlin go forward: 02:30 does not exist, and that run is skipped.',
        },
      ],
    } satisfies PreviewBody,
  },
  'post /api/v1/tasks/configs/estimate': {
    request: {
      task_type: 'REDDIT_SCRAPE',
      parameters: { subreddits: ['typescript'], posts_limit: 200 },
    } satisfies z.input<typeof estimateBody>,
    answer: {
      task_type: 'REDDIT_SCRAPE',
      supported: true,
      requests: {
        total: { min: 92, max: 182, source: 'measured' },
        listing_pages: { min: 2, max: 2, source: 'measured' },
        threads: { min: 90, max: 180, source: 'measured' },
        expansions: { min: 0, max: 0, source: 'exact' },
      },
      minutes: { min: 0.9, max: 1.8 },
      rows: {
        posts: { min: 200, max: 200, source: 'measured' },
        comments: { min: 1_800, max: 3_600, source: 'measured' },
      },
      basis: {
        requests_per_minute: 100,
        assumptions: [],
        subreddits: [
          { name: 'typescript', source: 'stored', posts: 1_000, comments_per_post: 18, share_with_comments: 0.9 },
        ],
      },
    } satisfies EstimateBody,
  },
  'post /api/v1/tasks/schedules/{id}/{action}': {
    answer: { success: true, message: 'Schedule of r/typescript, nightly started', config_id: 2 },
  },
  'post /api/v1/tasks/execute/{id}': { answer: submitted },
  'post /api/v1/tasks/execute/by-type/{type}': {
    request: { task_params: testTimeout.examples.accepted[0] } satisfies z.input<typeof byTypeBody>,
    answer: { ...submitted, config_id: null, task_type: 'TEST_TIMEOUT' } satisfies Submitted,
  },
  'post /api/v1/tasks/execute/batch': {
    request: { config_ids: [2, 3, 4] } satisfies z.input<typeof batchBody>,
    answer: {
      task_ids: ['batch-5d1f-1', 'batch-5d1f-2'],
      total_submitted: 2,
      config_ids: [2, 3],
      failed: [{ id: 4, error: 'Task config not found' }],
      total_failed: 1,
      status: 'submitted',
    } satisfies BatchSubmitted,
  },
  'post /api/v1/tasks/executions/{id}/retry': { answer: { ...submitted, retry_of: 41 } satisfies Submitted },
  'post /api/v1/tasks/executions/{id}/cancel': {
    answer: { success: true, message: 'Cancellation requested', task_id: submitted.task_id } satisfies ControlResult,
  },
  'get /api/v1/tasks/executions/{id}/progress': {
    answer: {
      execution_id: 41,
      status: 'running',
      percent: 62,
      phase: 'scraping',
      subreddits: [
        { name: 'typescript', posts: 100, comments: 1_204, threads_done: 62, threads_total: 100, state: 'running' },
      ],
      requests: { spent: 55, saved: 9 },
      cursor: null,
      source: 'query',
      updated_at: AT,
    } satisfies ProgressBody,
  },
  'get /api/v1/tasks/executions/recent': {
    answer: { hours: 24, executions: [{ ...execution, config_name: config.name, error_traceback: null }], count: 1 },
  },
  'get /api/v1/tasks/executions/stats': {
    answer: {
      period_days: 30,
      total_executions: 40,
      success_count: 38,
      failed_count: 2,
      success_rate: 95,
      failure_rate: 5,
      avg_duration_seconds: 11.8,
      type_breakdown: { REDDIT_SCRAPE: 40 },
      timestamp: AT,
    } satisfies StatsBody,
  },
  'get /api/v1/reddit/posts': { answer: [post] },
  'get /api/v1/reddit/search': {
    answer: {
      total: 1,
      is_total_capped: false,
      hint: null,
      items: [
        {
          kind: 'comment',
          id: 'k1x2y3',
          post_id: post.id,
          title: post.title,
          subreddit: 'typescript',
          author: 'someone',
          score: 12,
          is_nsfw: false,
          is_sandbox: false,
          reddit_created_at: AT,
          rank: 0.12,
          highlights: { title: null, fragments: ['I use <mark>type</mark> <mark>guards</mark> &amp; nothing else'] },
        },
      ],
    } satisfies SearchBody,
  },
  'post /api/v1/reddit/comments/search': {
    request: { query: 'type guard', subreddits: ['typescript'], days: 30 } satisfies z.input<typeof commentSearchBody>,
  },
  'get /api/v1/audit-log': {
    answer: [
      {
        id: 7,
        timestamp: AT,
        actor_id: 1,
        actor_name: 'admin',
        api_key: null,
        action: 'config.create',
        target_type: 'task_config',
        target_id: '2',
        outcome: 'succeeded',
        status: 201,
        address: '127.0.0.1',
        user_agent: 'curl/8.5.0',
        request_id: '6f1f4b53-6a7e-4c1c-9d0c-4a1f0f6b2c11',
        details: { name: config.name, task_type: 'REDDIT_SCRAPE', scheduler_type: 'cron' },
      } satisfies AuditBody,
    ],
  },
};

/** The same wherever they occur, unless said otherwise below. */
const ERROR_EXAMPLES: Record<string, unknown> = {
  401: { detail: 'Token has expired' },
  403: { detail: TEXTS.forbidden },
  404: { detail: 'Task config not found' },
  410: { detail: 'The file has expired' },
  413: { detail: 'Request body is too large' },
  416: { detail: 'The file has no such range' },
  422: {
    detail: [
      {
        type: 'greater_than_equal',
        loc: ['query', 'limit'],
        msg: 'Input should be greater than or equal to 1',
        input: '0',
        ctx: { ge: 1 },
      },
    ],
  },
  429: { detail: 'Too many attempts; try again later' },
  503: { detail: 'Temporal does not answer' },
};

const TAKEN = {
  emailTaken: { value: { detail: TEXTS.emailTaken } },
  usernameTaken: { value: { detail: TEXTS.usernameTaken } },
};
/** By path and status; each is what the path answers. What is `examples` are several. */
const ERRORS_OF: [paths: RegExp, status: string, shown: { example: unknown } | { examples: object }][] = [
  [/\/auth\/login$/, '401', { example: { detail: TEXTS.badCredentials } }],
  [/\/auth\/refresh$/, '401', { example: { detail: TEXTS.badRefreshToken } }],
  [/\/(auth\/register|users|users\/\{user_id\})$/, '409', { examples: TAKEN }],
  // Also of the token's own user, whatever is asked for.
  [/\/(auth|users|audit-log)\b/, '404', { example: { detail: TEXTS.userNotFound } }],
  [/\/executions\/\{id\}/, '404', { example: { detail: 'Execution not found' } }],
  [/\/executions\/\{id\}/, '409', { example: { detail: 'The execution has already ended' } }],
];

export function errorExampleOf(path: string, status: string): { example?: unknown; examples?: object } {
  const own = ERRORS_OF.find(([paths, of]) => of === status && paths.test(path));
  return own?.[2] ?? { example: ERROR_EXAMPLES[status] };
}
