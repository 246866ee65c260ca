import {
  ActivityCancellationType,
  CancellationScope,
  continueAsNew,
  defineQuery,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { HEARTBEAT_TIMEOUT, RETRY_FOREVER, ROW_WRITE } from './activity-options';
import { showScrape } from './run-details';
import type { Activities } from '../activities';
import type { BegunScrape, ChildWorkflowRequest, ScrapeProgress } from '../activities/run-request';

type LaneProgress = ScrapeProgress['subreddits'][number];

const scrapeProgress = defineQuery<ScrapeProgress>('progress');

const local = proxyLocalActivities<Pick<Activities, 'openScrape' | 'closeScrape'>>(ROW_WRITE);
const { scrapeSlice } = proxyActivities<Pick<Activities, 'scrapeSlice'>>({
  // A slice ends by itself after half a minute, and the request that it is waiting for.
  startToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  // The activity fails permanently when the run's retries are used up; waiting for Reddit costs none.
  retry: RETRY_FOREVER,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

const isDone = ({ state }: LaneProgress) => state === 'succeeded' || state === 'failed';

/**
 * The work of a REDDIT_SCRAPE: several subreddits concurrently, each slice by slice. Their state is in PostgreSQL, so
 * that only the execution's id is passed on when the workflow continues as new.
 */
export async function scrapeReddit(request: ChildWorkflowRequest): Promise<Record<string, unknown>> {
  const progress: ScrapeProgress = { phase: 'starting', subreddits: [], updatedAt: new Date().toISOString() };
  setHandler(scrapeProgress, () => progress);
  // An input of any kind: the activity refuses a wrong one, while an error here would be repeated for ever.
  const { executionId } = { ...request };
  const begun = await local.openScrape(executionId);
  progress.phase = 'scraping';
  progress.subreddits = begun.subreddits;
  showScrape(progress);
  if (!(await scrapeSome(request, begun, progress))) return continueAsNew<typeof scrapeReddit>(request);
  progress.phase = 'finishing';
  showScrape(progress);
  return local.closeScrape(executionId);
}

/** Returns false if subreddits are left and the workflow should continue as new. */
async function scrapeSome(
  { executionId }: ChildWorkflowRequest,
  begun: BegunScrape,
  progress: ScrapeProgress,
): Promise<boolean> {
  const waiting = progress.subreddits.filter((one) => !isDone(one));
  let slices = 0;
  const mayContinue = () => slices < begun.slicesPerHistory && !workflowInfo().continueAsNewSuggested;

  async function scrapeSubreddit(before: LaneProgress): Promise<void> {
    for (let lane = before; !isDone(lane) && mayContinue();) {
      slices += 1;
      lane = await scrapeSlice.executeWithOptions(
        { summary: `r/${lane.name}: ${lane.posts} posts, ${lane.threads_done} threads` },
        [executionId, lane.position],
      );
      progress.subreddits[lane.position] = lane;
      progress.updatedAt = new Date().toISOString();
      showScrape(progress);
    }
  }
  const scrapeNext = async () => {
    for (let next = waiting.shift(); next && mayContinue(); next = waiting.shift()) await scrapeSubreddit(next);
  };

  const scope = new CancellationScope();
  const loops = Array.from({ length: begun.subredditsAtOnce }, () => scope.run(scrapeNext));
  try {
    await Promise.all(loops);
  } catch (error) {
    // The run has failed, so the other subreddits stop where they are.
    scope.cancel();
    await Promise.allSettled(loops);
    throw error;
  }
  return progress.subreddits.every(isDone);
}
