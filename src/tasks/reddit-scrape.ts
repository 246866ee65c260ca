import { estimateScrape } from './reddit-scrape/scrape-estimate';
import { scrapeExamples } from './reddit-scrape/scrape-examples';
import { scrapeParameters } from './reddit-scrape/scrape-parameters';
import { defaultSubreddits, withPlainNames } from './reddit-scrape/subreddit-names';
import { defineTaskType } from './task-type';

/** Longer than the largest scrape at Reddit's usual rate takes; one that never ends must not run for ever. */
const DEFAULT_TIMEOUT_SECONDS = 24 * 60 * 60;

/** Succeeds when at least one subreddit did; the result lists the others. */
export const redditScrape = defineTaskType({
  name: 'REDDIT_SCRAPE',
  summary: 'Scrapes posts and their comments from subreddits into PostgreSQL',
  parameters: scrapeParameters,
  examples: scrapeExamples,
  workflow: 'scrapeReddit',
  configuredDefaults: () => (defaultSubreddits().length > 0 ? { subreddits: [...defaultSubreddits()] } : {}),
  toStored: withPlainNames,
  defaultTimeoutSeconds: DEFAULT_TIMEOUT_SECONDS,
  estimate: estimateScrape,
});
