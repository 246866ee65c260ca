import { z } from 'zod';
import { taskTypes } from '../../tasks/registry';
import { jsonObject } from './common-schemas';
import { findConfigIssues } from './config-issues';

const fields = z.object({ task_type: z.enum(taskTypes.map((taskType) => taskType.name)), parameters: jsonObject.default({}).describe("As the task type's own schema says") });

/** As for creating a config; what does not decide the cost is ignored. */
export const estimateBody = fields.superRefine(
  (body: Partial<z.infer<typeof fields>> | null | undefined, context) => {
    for (const issue of findConfigIssues({ taskType: body?.task_type ?? '', schedulerType: '' }, body ?? {})) context.addIssue({ ...issue });
  },
  { when: () => true },
);

const range = z.object({ min: z.number(), max: z.number() });
const amount = z.int();
const amounts = z.object({ min: amount, max: amount });

export const estimate = z
  .object({
    task_type: z.string(),
    supported: z.boolean().describe('Whether this task type can tell what it will cost'),
    requests: z.object({ total: amounts, listing_pages: amounts, threads: amounts, expansions: amounts }).optional().describe('To Reddit, from the least (what is known already costs nothing) to the most'),
    minutes: range.optional().describe('For the requests alone, when nobody else spends of the budget'),
    rows: z.object({ posts: amounts, comments: amounts }).optional().describe('Posts and comments that will be looked at'),
    basis: z
      .object({
        requests_per_minute: z.number(),
        subreddits: z.array(z.object({ name: z.string(), source: z.enum(['stored', 'defaults']), posts: amount, comments_per_post: z.number(), share_with_comments: z.number() })),
      })
      .optional()
      .describe('What the figures rest on: up to 1,000 stored posts of each subreddit, or, where there are none, assumptions'),
    typical_duration_seconds: z.number().nullable().optional().describe('For other task types: the median of their newest successful runs; null when there are none'),
    runs: amount.optional().describe('How many runs that is the median of'),
  })
  .meta({ id: 'ConfigEstimate' });
export type EstimateBody = z.infer<typeof estimate>;
