import { testTimeout } from '../../../tasks/test-timeout';
import type { z } from 'zod';
import type { batchBody, BatchSubmitted, byTypeBody, Submitted } from '../../schemas/execute-schemas';
import type { Examples } from './example';

export const submitted = {
  task_id: 'task-config-2-0f8b5c0e',
  config_id: 2,
  task_type: 'REDDIT_SCRAPE',
  status: 'submitted',
  queue: 'taskloom',
  message: 'Submitted',
} satisfies Submitted;

export const executeExamples: Examples = {
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
};
