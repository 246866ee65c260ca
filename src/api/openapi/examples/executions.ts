import type { ControlResult, ExecutionBody, StatsBody } from '../../schemas/execution-schemas';
import type { ProgressBody } from '../../schemas/progress-schemas';
import { config } from './configs';
import { AT, type Examples } from './example';
import { submitted } from './execute';

const execution = {
  id: 41,
  task_id: 'task-config-2-0f8b5c0e',
  config_id: 2,
  config_name: 'Nightly scrape',
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
  scheduled_at: AT,
  workflow_id: 'task-config-2-0f8b5c0e',
  run_id: '7a1c2d34-5b6e-4f70-8a91-b2c3d4e5f607',
  attempt: 1,
  retry_of: null,
  retried_by: null,
  temporal_ui_url: null,
} satisfies ExecutionBody;

export const executionExamples: Examples = {
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
};
