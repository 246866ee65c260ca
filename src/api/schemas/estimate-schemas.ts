import { z } from 'zod';
import { taskTypes } from '../../tasks/registry';
import { jsonObject } from './common-schemas';
import { findConfigIssues } from './config-issues';

const fields = z.object({
  task_type: z.enum(taskTypes.map((taskType) => taskType.name)),
  parameters: jsonObject.default({}).describe("As the task type's own schema says"),
});

/** Takes the body of a new config; fields that do not affect the cost are ignored. */
export const estimateBody = fields.superRefine(
  (body: Partial<z.infer<typeof fields>> | null | undefined, context) => {
    for (const issue of findConfigIssues({ taskType: body?.task_type ?? '', schedulerType: '' }, body ?? {}))
      context.addIssue({ ...issue });
  },
  { when: () => true },
);

const amount = z.int();
const assumed = 'Where something rests on an assumption: what it comes to by that';
const minutes = z.object({ min: z.number(), max: z.number(), assumed: z.number().optional().describe(assumed) });
const figure = z
  .object({
    min: amount,
    max: amount,
    source: z
      .enum(['exact', 'measured', 'assumed', 'mixed'])
      .describe(
        'exact: from the parameters alone, or counted. measured: from what is stored; min where nothing has ' +
          'changed since, max where all of it has to be asked for. assumed: by basis.assumptions; min and max ' +
          'are then the least and the most that the parameters allow. mixed: some of it is measured, some ' +
          'assumed',
      ),
    assumed: amount.optional().describe(assumed),
  })
  .meta({ id: 'EstimateFigure' });

export const estimate = z
  .object({
    task_type: z.string(),
    supported: z.boolean().describe('Whether this task type can tell what it will cost'),
    requests: z
      .object({
        total: figure,
        listing_pages: figure.optional(),
        threads: figure.optional(),
        expansions: figure.optional(),
        checks: figure.optional(),
      })
      .optional()
      .describe('To Reddit. checks: stored posts and comments that are looked up, a hundred a request'),
    minutes: minutes
      .optional()
      .describe(
        'For the requests alone, when nobody else spends of the budget; rounded up to tenths, so 0 only ' +
          'where there is no request',
      ),
    rows: z
      .object({ posts: figure, comments: figure })
      .optional()
      .describe('Posts and comments that will be looked at'),
    basis: z
      .object({
        requests_per_minute: z.number(),
        assumptions: z.array(z.string()).describe('What was assumed, in words; empty when everything is measured'),
        subreddits: z.array(
          z.object({
            name: z.string(),
            source: z.enum(['stored', 'defaults']),
            posts: amount,
            comments_per_post: z.number(),
            share_with_comments: z.number(),
          }),
        ),
      })
      .optional()
      .describe(
        'What the figures rest on: up to 1,000 stored posts of each subreddit, or, where there are none, ' +
          'assumptions; of REDDIT_DELETION_SYNC the rows that are stored',
      ),
    typical_duration_seconds: z
      .number()
      .nullable()
      .optional()
      .describe('For other task types: the median of their newest successful runs; null when there are none'),
    runs: amount.optional().describe('How many runs that is the median of'),
  })
  .meta({ id: 'ConfigEstimate' });
export type EstimateBody = z.infer<typeof estimate>;
