import { PermanentTaskError, type JsonObject } from '../task-type';
import { totals, type SubredditOutcome } from './scrape-state';

/** What a run has brought. Throws when no subreddit could be scraped at all. */
export function scrapeResult(
  outcomes: SubredditOutcome[],
  run: { configId: number | null; isSandbox: boolean },
): JsonObject {
  if (outcomes.every((outcome) => outcome.status === 'failed')) {
    throw new PermanentTaskError(
      `No subreddit could be scraped. ${outcomes.map((outcome) => `r/${outcome.subreddit}: ${outcome.error}`).join('; ')}`,
    );
  }
  return {
    config_id: run.configId,
    source: run.isSandbox ? 'sandbox' : 'reddit',
    ...totals(outcomes),
    subreddits: outcomes,
  };
}
