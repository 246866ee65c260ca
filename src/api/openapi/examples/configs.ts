import { redditScrape } from '../../../tasks/reddit-scrape';
import type { z } from 'zod';
import type { ConfigBody, createBody, PreviewBody, previewBody, updateBody } from '../../schemas/config-schemas';
import type { EstimateBody, estimateBody } from '../../schemas/estimate-schemas';
import { AT, type Examples } from './example';

export const config = {
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
  etag: '"mfmsgwlc"',
  warnings: [],
} satisfies ConfigBody;

const updated = {
  request: { priority: 8, timeout_seconds: null } satisfies z.input<typeof updateBody>,
  answer: { ...config, priority: 8, timeout_seconds: null, updated_at: AT } satisfies ConfigBody,
};

const {
  id: _id,
  created_at: _created,
  updated_at: _updated,
  schedule_status: _status,
  is_scheduled: _scheduled,
  status_consistent: _consistent,
  schedule_error: _error,
  etag: _etag,
  warnings: _warnings,
  ...newConfig
} = config;

export const configExamples: Examples = {
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
        {
          code: 'dst_overlap',
          message:
            'On 2027-10-31 the clocks in Europe/Berlin go back: ' +
            '02:30 comes twice, and it fires the first time only, at 2027-10-31T02:30+02:00.',
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
};
