import type { RedditClient, RedditError } from '../../platform/reddit/reddit-client';
import type { TaskContext } from '../task-type';
import type { TaskServices } from '../task-services';
import type { ScrapeParameters } from './scrape-parameters';
import type { LaneState } from './scrape-state';

/** What the steps of one subreddit work with. */
export interface LaneContext {
  readonly executionId: number;
  /** Its place among the run's subreddits. */
  readonly position: number;
  /** When the run began. */
  readonly startedAt: Date;
  readonly parameters: ScrapeParameters;
  readonly signal: AbortSignal;
  /** Counts its own requests from 0. */
  readonly reddit: RedditClient;
  readonly services: Pick<TaskServices, 'content' | 'scrapes'>;
  readonly log: TaskContext['log'];
  /** Comments of the thread at work that came already, as far as this slice has seen. */
  readonly known: Set<string>;
}

export const upsertOptions = ({ startedAt, reddit }: LaneContext) => ({
  runStartedAt: startedAt,
  isSandbox: reddit.isSandbox,
});
export const listingOf = ({ parameters, reddit }: LaneContext, lane: LaneState) => ({
  subreddit: lane.outcome.subreddit,
  sort: parameters.sort,
  isSandbox: reddit.isSandbox,
});

/** By name: only the types of another room may be imported here. */
export const redditErrorKind = (error: unknown) =>
  error instanceof Error && error.name === 'RedditError' ? (error as RedditError).kind : undefined;
/** It will be refused however often it is asked for. */
export const isRefusal = (error: unknown) => ['forbidden', 'not_found'].includes(redditErrorKind(error) ?? '');
