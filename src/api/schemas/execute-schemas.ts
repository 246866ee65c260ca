import { z } from 'zod';
import { taskTypes } from '../../tasks/registry';
import { configLimits } from './config-schemas';
import { count, jsonObject } from './common-schemas';
import { id } from './request-values';

export const startHeaders = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      'The same request with the same key by the same user starts nothing twice and gets the same answer; ' +
        'another payload with that key is refused (409)',
    ),
});

export const typeParams = z.object({
  type: z
    .string()
    .describe('A task type, as system/enums lists them')
    .meta({ enum: taskTypes.map((taskType) => taskType.name) }),
});
const runOptions = z
  .looseObject({
    max_retries: configLimits.max_retries.optional(),
    timeout_seconds: configLimits.timeout_seconds.optional(),
    priority: configLimits.priority.optional(),
  })
  .describe('As of a config; whatever else is here is ignored');
export type RunOptions = z.infer<typeof runOptions>;
export const byTypeBody = z
  .object({
    task_params: jsonObject.default({}),
    queue: z.string().default('default'),
    options: runOptions.default({}),
  })
  .nullable();
export const batchBody = z.object({ config_ids: z.array(id()).min(1).max(1_000), options: jsonObject.default({}) });

export const submitted = z
  .object({
    task_id: z.string(),
    config_id: z.int().nullable(),
    task_type: z.string(),
    status: z.literal('submitted'),
    queue: z.string(),
    message: z.string(),
    retry_of: z.int().optional(),
  })
  .meta({ id: 'Submitted' });
export type Submitted = z.infer<typeof submitted>;

export const batchSubmitted = z
  .object({
    task_ids: z.array(z.string()).describe('In the order of config_ids'),
    total_submitted: count,
    config_ids: z.array(z.int()),
    failed: z.array(z.object({ id: z.int(), error: z.string() })),
    total_failed: count,
    status: z.literal('submitted'),
  })
  .meta({ id: 'BatchSubmitted' });
export type BatchSubmitted = z.infer<typeof batchSubmitted>;
