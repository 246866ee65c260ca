/** All workflows that a worker serves, by the names they are started with. */
export { runTask } from './run-task';
export { runBatch } from './run-batch';
export { mailPasswordReset } from './mail-password-reset';
export { reconcile } from './reconcile';
export { scrapeReddit } from './scrape-reddit';
export type {
  BatchRequest,
  BatchSummary,
  ExecutionOutcome,
  RunRequest,
  ScrapeProgress,
} from '../activities/run-request';
