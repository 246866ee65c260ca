import type { z } from 'zod';
import type { batchBody } from '../../schemas/schedule-schemas';
import type { Examples } from './example';

export const scheduleExamples: Examples = {
  'post /api/v1/tasks/schedules/batch/{action}': {
    request: { config_ids: [2, 3] } satisfies z.input<typeof batchBody>,
  },
  'post /api/v1/tasks/schedules/{id}/{action}': {
    answer: { success: true, message: 'Schedule of r/typescript, nightly started', config_id: 2 },
  },
};
