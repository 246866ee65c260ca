import { PermanentTaskError, type JsonObject } from '../task-type';
import { totals, type SubredditOutcome } from './scrape-state';

/** The result of a run. Throws if no subreddit could be scraped. */
export function scrapeResult(
  outcomes: SubredditOutcome[],
  run: { configId: number | null; isSandbox: boolean },
): JsonObject {
  if (outcomes.every((outcome) => outcome.status === 'failed')) {
    const reasons = outcomes.map((outcome) => `r/${outcome.subreddit}: ${outcome.error}`);
    throw new PermanentTaskError(`No subreddit could be scraped. ${reasons.join('; ')}`);
  }
  return {
    config_id: run.configId,
    source: run.isSandbox ? 'sandbox' : 'reddit',
    ...totals(outcomes),
    subreddits: outcomes,
  };
}
