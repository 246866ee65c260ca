import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { fitParameters } from '../tasks/parameter-fit';
import { redditScrape } from '../tasks/reddit-scrape';
import { runSlice } from '../tasks/reddit-scrape/lane-run';
import { scrapeParameters, type ScrapeParameters } from '../tasks/reddit-scrape/scrape-parameters';
import { progressOf, type LaneProgress } from '../tasks/reddit-scrape/scrape-progress';
import { scrapeResult } from '../tasks/reddit-scrape/scrape-result';
import { freshLane, isLaneDone, laneState, type LaneState } from '../tasks/reddit-scrape/scrape-state';
import { executionEnded } from './failure-policy';
import { classifyFailure, isWorkerShutdown } from './failures';
import { withHeartbeat } from './heartbeat';
import { executionIdInput, requireInput } from './run-input';
import { createRunRows } from './run-rows';
import { SCRAPE_LIMITS } from './scrape-limits';
import { createStepFailures } from './step-failures';
import type { ActivityDeps } from './activity-deps';
import type { BegunScrape } from './run-request';
import type { StoredLane } from '../storage/reddit/scrape-lane-repository';
import type { TaskExecution } from '../storage/executions/task-execution';
import type { JsonObject } from '../tasks/task-type';

const SCRAPE = { name: redditScrape.name, storedParameters: scrapeParameters };

/** The steps of `scrapeReddit`. The state of each subreddit (its lane) is in PostgreSQL, saved after every request. */
export function createScrapeActivities(deps: ActivityDeps) {
  const { executions, lanes, services, log } = deps;
  const limits = { ...SCRAPE_LIMITS, ...deps.scrapeLimits };
  const failures = createStepFailures(deps);
  const rows = createRunRows(deps);

  /** The run that this work belongs to. When that was reset, the work goes on for the new run. */
  async function runningRow(given: number): Promise<TaskExecution> {
    const executionId = requireInput('scrapeReddit', executionIdInput, given);
    const [row] = await executions.getMany([executionId]);
    if (row?.status === 'running') return rows.ofParent(row);
    const [newest] = await executions.getMany([await executions.followResets(executionId)]);
    if (newest?.status !== 'running') throw executionEnded();
    return rows.ofParent(newest);
  }

  /** The error to throw for a failure of the whole run: a permanent one is recorded and ends it, others are retried. */
  async function afterRunFailure(row: TaskExecution, error: unknown): Promise<unknown> {
    if (classifyFailure(error).isRetryable) return error;
    await lanes.open({ executionId: row.id, states: [], worker: deps.workerIdentity });
    const step = { executionId: row.id, attempt: row.attempt, maxRetries: row.maxRetries, waits: null };
    return (await failures.decide(step, error)).failure;
  }

  async function parametersOf(row: TaskExecution): Promise<ScrapeParameters> {
    try {
      return fitParameters(SCRAPE, row.parameters);
    } catch (error) {
      throw await afterRunFailure(row, error);
    }
  }

  /** Takes the lane for this try. An earlier try that still holds it was lost with its worker. */
  async function hold(executionId: number, position: number): Promise<{ held: StoredLane; lane: LaneState }> {
    const before = await lanes.find(executionId, position);
    if (before && before.heldAttempt !== null) await failures.recordLost(executionId, before.heldAttempt);
    const held = await lanes.hold(executionId, position);
    if (!held) throw executionEnded();
    return { held, lane: laneState.parse(held.state) };
  }

  /**
   * The error to throw for a failed slice; none when the worker shuts down, since another continues the lane as it is.
   */
  async function afterSliceFailure(row: TaskExecution, held: StoredLane, lane: LaneState, error: unknown) {
    if (error instanceof CancelledFailure) return isWorkerShutdown(error) ? undefined : error;
    const { failure, waits } = await failures.decide(
      { executionId: row.id, attempt: held.heldAttempt ?? 1, maxRetries: row.maxRetries, waits: lane.waited },
      error,
    );
    lane.waited = waits;
    lane.brokenBy = failure.nonRetryable ? failure.message : null;
    return failure;
  }

  return {
    /** Creates the run's lanes, once, and returns their progress. Parameters that do not fit fail the run at once. */
    async openScrape(planned: number): Promise<BegunScrape> {
      const row = await runningRow(planned);
      const executionId = row.id;
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
        throw await afterRunFailure(row, error);
      }
    },

    /** Continues one subreddit until it is done or the slice is used up, and returns its progress. */
    async scrapeSlice(planned: number, position: number): Promise<LaneProgress> {
      const activity = Context.current();
      const row = await runningRow(planned);
      const executionId = row.id;
      const parameters = await parametersOf(row);
      const { held, lane } = await hold(executionId, position);
      const progress = () => progressOf(position, lane, parameters);
      const save = async (isReleased = false) => {
        activity.heartbeat(progress());
        const isOurs = await lanes.save(executionId, { position, version: held.version, state: lane, isReleased });
        if (!isOurs) throw new Error('Another try has taken over this subreddit');
      };
      const context = {
        executionId,
        position,
        isLastAttempt: row.attempt > row.maxRetries,
        startedAt: row.startedAt,
        parameters,
        signal: activity.cancellationSignal,
        reddit: services.reddit.scoped({ configId: row.configId, priority: row.priority }),
        services,
        log,
        known: new Set<string>(),
      };
      await withHeartbeat(activity, progress, async () => {
        try {
          await runSlice(context, lane, { requests: limits.requestsPerSlice, ms: limits.msPerSlice }, save);
        } catch (error) {
          const failure = await afterSliceFailure(row, held, lane, error);
          await save(true);
          if (failure) throw failure;
        }
      });
      await save(true);
      return progress();
    },

    /** Computes the run's result, and removes the list of posts that was kept during the run. */
    async closeScrape(planned: number): Promise<JsonObject> {
      const row = await runningRow(planned);
      const executionId = row.id;
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
        throw await afterRunFailure(row, error);
      }
    },
  };
}
