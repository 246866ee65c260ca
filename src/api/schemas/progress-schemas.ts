import { z } from 'zod';
import { count, datetime } from './common-schemas';
import { EXECUTION_STATUSES } from './execution-schemas';

export const progress = z
  .object({
    execution_id: z.int(),
    status: z.enum(EXECUTION_STATUSES),
    percent: z
      .number()
      .min(0)
      .max(100)
      .nullable()
      .describe(
        'Of a REDDIT_SCRAPE: of the pages and threads that each subreddit takes, those that are done, on ' +
          'average over the subreddits. What the pages to come hold is taken to be like those before, so it ' +
          'may fall a little. A subreddit that failed counts as far as it came: a run that succeeded without ' +
          'it ends below 100. Of a DATA_EXPORT the rows, of a DATA_BACKUP the tables that are written. Other ' +
          'task types: 100 once they succeeded. Null where nothing tells',
      ),
    phase: z.enum(['starting', 'scraping', 'finishing', 'running', 'ended']),
    subreddits: z
      .array(
        z.object({
          name: z.string(),
          posts: count,
          comments: count,
          threads_done: count.describe('Read, known already or passed over'),
          threads_total: count.describe('Those of the pages that were read so far'),
          state: z
            .enum(['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'skipped'])
            .describe(
              'Of a run that has ended none is waiting or running: cancelled was at work when the run ended, ' +
                'skipped had not begun',
            ),
        }),
      )
      .describe('Of a REDDIT_SCRAPE; otherwise empty'),
    requests: z
      .object({ spent: count, saved: count.describe('By what was known already') })
      .nullable()
      .describe('To Reddit; null for other task types'),
    cursor: z.unknown().describe('What another task type reported last, as it is; null when it reports nothing'),
    source: z
      .enum(['query', 'heartbeat', 'row', 'result'])
      .describe(
        'Where it comes from: the workflow itself, the newest sign of life, what is stored of the run at ' +
          'work, or its result',
      ),
    updated_at: datetime,
  })
  .meta({ id: 'ExecutionProgress' });
export type ProgressBody = z.infer<typeof progress>;
