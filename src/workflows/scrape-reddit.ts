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
import type { Activities } from '../activities';
import type { BegunScrape, OwnWork, ScrapeProgress } from '../activities/run-request';

type LaneProgress = ScrapeProgress['subreddits'][number];

const scrapeProgress = defineQuery<ScrapeProgress>('progress');

const local = proxyLocalActivities<Pick<Activities, 'openScrape' | 'closeScrape'>>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});
const { scrapeSlice } = proxyActivities<Pick<Activities, 'scrapeSlice'>>({
  // A slice ends by itself after half a minute and the one request it is waiting for.
  startToCloseTimeout: '10m',
  heartbeatTimeout: '10s',
  // Without a limit: the activity itself says when the run's allowance is used up, and waiting for Reddit costs none of it.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

const isDone = ({ state }: LaneProgress) => state === 'succeeded' || state === 'failed';

/**
 * The work of a REDDIT_SCRAPE: some subreddits at once, each slice by slice. Where they stand is in PostgreSQL, so that
 * nothing but the execution's id is carried over when the history begins anew.
 */
export async function scrapeReddit(work: OwnWork): Promise<Record<string, unknown>> {
  const progress: ScrapeProgress = { phase: 'starting', subreddits: [], updatedAt: new Date().toISOString() };
  setHandler(scrapeProgress, () => progress);
  const begun = await local.openScrape(work.executionId);
  progress.phase = 'scraping';
  progress.subreddits = begun.subreddits;
  if (!(await scrapeSome(work, begun, progress))) return continueAsNew<typeof scrapeReddit>(work);
  progress.phase = 'finishing';
  return local.closeScrape(work.executionId);
}

/** False when the history is long enough and subreddits are left. */
async function scrapeSome({ executionId }: OwnWork, begun: BegunScrape, progress: ScrapeProgress): Promise<boolean> {
  const waiting = progress.subreddits.filter((one) => !isDone(one));
  let slices = 0;
  const mayGoOn = () => slices < begun.slicesPerHistory && !workflowInfo().continueAsNewSuggested;

  async function scrapeSubreddit(before: LaneProgress): Promise<void> {
    for (let lane = before; !isDone(lane) && mayGoOn();) {
      slices += 1;
      lane = await scrapeSlice.executeWithOptions(
        { summary: `r/${lane.name}: ${lane.posts} posts, ${lane.threads_done} threads` },
        [executionId, lane.position],
      );
      progress.subreddits[lane.position] = lane;
      progress.updatedAt = new Date().toISOString();
    }
  }
  const workOff = async () => {
    for (let next = waiting.shift(); next && mayGoOn(); next = waiting.shift()) await scrapeSubreddit(next);
  };

  const scope = new CancellationScope();
  const lanes = Array.from({ length: begun.subredditsAtOnce }, () => scope.run(workOff));
  try {
    await Promise.all(lanes);
  } catch (error) {
    // What is left of the run cannot save it: the others stop where they stand.
    scope.cancel();
    await Promise.allSettled(lanes);
    throw error;
  }
  return progress.subreddits.every(isDone);
}
