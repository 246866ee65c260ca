import { scrapeParameters } from './reddit-scrape/scrape-parameters';
import { scrapeSubreddits } from './reddit-scrape/scrape-run';
import { totals } from './reddit-scrape/scrape-state';
import { defineTaskType, PermanentTaskError } from './task-type';

/** It ends well when at least one subreddit did; the others are told of in its result. */
export const redditScrape = defineTaskType({
  name: 'REDDIT_SCRAPE',
  summary: 'Scrapes posts and their comments from subreddits into PostgreSQL',
  parameters: scrapeParameters,
  async run(context, parameters) {
    const subreddits = await scrapeSubreddits(context, parameters);
    if (subreddits.every((outcome) => outcome.status === 'failed')) {
      throw new PermanentTaskError(`No subreddit could be scraped. ${subreddits.map((outcome) => `r/${outcome.subreddit}: ${outcome.error}`).join('; ')}`);
    }
    return { config_id: context.configId, source: context.services.reddit.isSandbox ? 'sandbox' : 'reddit', ...totals(subreddits), subreddits };
  },
});
