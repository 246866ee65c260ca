import type { RedditClient } from '../../platform/reddit/reddit-client';
import { RedditError } from '../../shared/reddit-error';
import type { TaskContext } from '../task-type';
import type { TaskServices } from '../task-services';
import type { ScrapeParameters } from './scrape-parameters';
import type { LaneState } from './scrape-state';

/** What the steps of one subreddit need. */
export interface LaneContext {
  readonly executionId: number;
  /** The subreddit's index in the run. */
  readonly position: number;
  /** Whether the next failure ends the run. */
  readonly isLastAttempt: boolean;
  /** When the run began. */
  readonly startedAt: Date;
  readonly parameters: ScrapeParameters;
  readonly signal: AbortSignal;
  /** Counts its own requests from 0. */
  readonly reddit: RedditClient;
  readonly services: Pick<TaskServices, 'content' | 'scrapes'>;
  readonly log: TaskContext['log'];
  /** Ids of the current thread's comments that this slice has seen. */
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

/** Turns of a request whose answer cannot be read. In each turn the client has repeated the request already. */
export const TURNS_OF_AN_UNREADABLE = 3;

export const redditErrorKind = (error: unknown) => (error instanceof RedditError ? error.kind : undefined);
/** Whether Reddit refuses for good: repeating the request is useless. */
export const isRefusal = (error: unknown) => ['forbidden', 'not_found'].includes(redditErrorKind(error) ?? '');

/** Whether an answer was unreadable in all attempts that the run has. */
export const isNeverReadable = ({ isLastAttempt }: LaneContext, error: unknown) =>
  isLastAttempt && redditErrorKind(error) === 'malformed';
