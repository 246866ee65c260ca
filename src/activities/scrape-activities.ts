import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { fitParameters } from '../tasks/parameter-fit';
import { redditScrape } from '../tasks/reddit-scrape';
import { runSlice } from '../tasks/reddit-scrape/lane-run';
import { scrapeParameters, type ScrapeParameters } from '../tasks/reddit-scrape/scrape-parameters';
import { progressOf, type LaneProgress } from '../tasks/reddit-scrape/scrape-progress';
import { scrapeResult } from '../tasks/reddit-scrape/scrape-result';
import { freshLane, isLaneDone, laneState, type LaneState } from '../tasks/reddit-scrape/scrape-state';
import { classifyFailure } from './failures';
import { createStepFailures } from './step-failures';
import type { ActivityDeps } from './index';
import type { BegunScrape } from './run-request';
import type { StoredLane } from '../storage/reddit/scrape-lane-repository';
import type { TaskExecution } from '../storage/executions/task-execution';
import type { JsonObject } from '../tasks/task-type';

/** docs/adr/0012 says why these. */
export interface ScrapeLimits {
  /** Of one activity: what makes its cost small beside its work, and gives its slot back within half a minute. */
  requestsPerSlice: number;
  msPerSlice: number;
  /** Subreddits of one run that are at work at once. */
  subredditsAtOnce: number;
  /** Slices after which the workflow begins a history anew. */
  slicesPerHistory: number;
}
const LIMITS: ScrapeLimits = { requestsPerSlice: 100, msPerSlice: 30_000, subredditsAtOnce: 4, slicesPerHistory: 200 };
const HEARTBEAT_INTERVAL_MS = 1_000;
const SCRAPE = { name: redditScrape.name, parameters: scrapeParameters };

/** The steps of `scrapeReddit`. Where each subreddit stands is in PostgreSQL, saved after every request. */
export function createScrapeActivities(deps: ActivityDeps) {
  const { executions, lanes, services, log } = deps;
  const limits = { ...LIMITS, ...deps.scrapeLimits };
  const failures = createStepFailures(deps);

  async function runningRow(executionId: number): Promise<TaskExecution> {
    const [row] = await executions.getMany([executionId]);
    if (row?.status !== 'running')
      throw ApplicationFailure.nonRetryable('The execution has ended meanwhile', 'ExecutionEnded');
    return row;
  }

  /** What no retry could mend ends the run; anything else is tried again until it can be done. */
  async function judgeWhole(row: TaskExecution, error: unknown): Promise<unknown> {
    if (classifyFailure(error).isRetryable) return error;
    await lanes.open({ executionId: row.id, states: [], worker: deps.workerIdentity });
    return (
      await failures.judge(
        { executionId: row.id, attempt: row.attempt, maxRetries: row.maxRetries, waited: null },
        error,
      )
    ).failure;
  }

  async function parametersOf(row: TaskExecution): Promise<ScrapeParameters> {
    try {
      return fitParameters(SCRAPE, row.parameters);
    } catch (error) {
      throw await judgeWhole(row, error);
    }
  }

  /** Takes the lane for this try. A try before it that still holds it was lost with its worker. */
  async function hold(executionId: number, position: number): Promise<{ held: StoredLane; lane: LaneState }> {
    const before = await lanes.find(executionId, position);
    if (before && before.heldAttempt !== null) await failures.recordLost(executionId, before.heldAttempt);
    const held = await lanes.hold(executionId, position);
    if (!held) throw ApplicationFailure.nonRetryable('The execution has ended meanwhile', 'ExecutionEnded');
    return { held, lane: laneState.parse(held.state) };
  }

  return {
    /** Lays out the run's subreddits, once, and tells how they stand. A configuration that cannot be run fails it at once. */
    async openScrape(executionId: number): Promise<BegunScrape> {
      const row = await runningRow(executionId);
      const parameters = await parametersOf(row);
      try {
        const stored = await lanes.open({
          executionId,
          states: parameters.subreddits.map(freshLane),
          worker: deps.workerIdentity,
        });
        return {
          subreddits: stored.map(({ position, state }) => progressOf(position, laneState.parse(state), parameters)),
          subredditsAtOnce: limits.subredditsAtOnce,
          slicesPerHistory: limits.slicesPerHistory,
        };
      } catch (error) {
        throw await judgeWhole(row, error);
      }
    },

    /** Goes on with one subreddit for a while, and tells how it stands then. */
    async scrapeSlice(executionId: number, position: number): Promise<LaneProgress> {
      const activity = Context.current();
      const row = await runningRow(executionId);
      const parameters = await parametersOf(row);
      const { held, lane } = await hold(executionId, position);
      const save = async (isReleased = false) => {
        activity.heartbeat(progressOf(position, lane, parameters));
        const isOurs = await lanes.save(executionId, { position, version: held.version, state: lane, isReleased });
        if (!isOurs) throw new Error('Another try has taken over this subreddit');
      };
      const beat = setInterval(() => activity.heartbeat(progressOf(position, lane, parameters)), HEARTBEAT_INTERVAL_MS);
      const context = {
        executionId,
        position,
        startedAt: row.startedAt,
        parameters,
        signal: activity.cancellationSignal,
        reddit: services.reddit.scoped({ configId: row.configId, priority: row.priority }),
        services,
        log,
        known: new Set<string>(),
      };
      try {
        await runSlice(context, lane, { requests: limits.requestsPerSlice, ms: limits.msPerSlice }, save);
      } catch (error) {
        // A worker that shuts down gives the subreddit back where it stands: that is nobody's failure.
        const isHandedOn = error instanceof CancelledFailure && error.message === 'WORKER_SHUTDOWN';
        if (error instanceof CancelledFailure) {
          await save(true);
          if (!isHandedOn) throw error;
        } else {
          const { failure, waited } = await failures.judge(
            { executionId, attempt: held.heldAttempt ?? 1, maxRetries: row.maxRetries, waited: lane.waited },
            error,
          );
          lane.waited = waited;
          lane.brokenBy = failure.nonRetryable ? failure.message : null;
          await save(true);
          throw failure;
        }
      } finally {
        clearInterval(beat);
      }
      await save(true);
      return progressOf(position, lane, parameters);
    },

    /** The run's result, and an end to what was kept for the run alone. */
    async closeScrape(executionId: number): Promise<JsonObject> {
      const row = await runningRow(executionId);
      const states = (await lanes.list(executionId)).map(({ state }) => laneState.parse(state));
      const open = states.filter((lane) => !isLaneDone(lane));
      if (open.length > 0) throw new Error(`${open.length} subreddits are not done`);
      await services.scrapes.forgetListed(executionId);
      try {
        return scrapeResult(
          states.map((lane) => lane.outcome),
          { configId: row.configId, isSandbox: services.reddit.isSandbox },
        );
      } catch (error) {
        throw await judgeWhole(row, error);
      }
    },
  };
}
