import { PermanentTaskError, type JsonObject } from '../task-type';
import { mostlyFailed, mostlyUnreadable, totals, type SubredditOutcome } from './scrape-state';

/** The result of a run. Throws if no subreddit could be scraped, or most threads or items could not. */
export function scrapeResult(
  outcomes: SubredditOutcome[],
  run: { configId: number | null; isSandbox: boolean },
): JsonObject {
  if (outcomes.every((outcome) => outcome.status === 'failed')) {
    const reasons = outcomes.map((outcome) => `r/${outcome.subreddit}: ${outcome.error}`);
    throw new PermanentTaskError(`No subreddit could be scraped. ${reasons.join('; ')}`);
  }
  const sums = totals(outcomes);
  const threadsFailed = mostlyFailed(sums);
  if (threadsFailed) {
    const failed = outcomes.find((outcome) => outcome.status === 'failed' && mostlyFailed(outcome));
    throw new PermanentTaskError(
      `Most threads failed: ${threadsFailed}${failed ? `. r/${failed.subreddit}: ${failed.error}` : ''}`,
    );
  }
  const unreadable = mostlyUnreadable(sums);
  if (unreadable) throw new PermanentTaskError(`Most items failed: ${unreadable}`);
  return {
    config_id: run.configId,
    source: run.isSandbox ? 'sandbox' : 'reddit',
    ...sums,
    subreddits: outcomes,
  };
}
