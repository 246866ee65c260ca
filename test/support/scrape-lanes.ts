import { runSlice } from '../../src/tasks/reddit-scrape/lane-run';
import { scrapeParameters } from '../../src/tasks/reddit-scrape/scrape-parameters';
import { scrapeResult } from '../../src/tasks/reddit-scrape/scrape-result';
import { freshLane, laneState, type LaneState } from '../../src/tasks/reddit-scrape/scrape-state';
import type { RedditClient } from '../../src/platform/reddit/reddit-client';
import type { ContentStore } from '../../src/tasks/ports/content-store';
import type { ScrapeMemory } from '../../src/tasks/ports/scrape-memory';

export interface LaneRun {
  executionId: number;
  startedAt: Date;
  /** False when left out. */
  isLastAttempt?: boolean;
  /** The lane states that an earlier attempt saved. */
  states?: unknown[];
  signal?: AbortSignal;
  /** Called after each step. */
  onSave?: () => void;
  log?: (line: string) => void;
}

/** Runs the lanes of a scrape one after the other without Temporal, as the activities do between two saves. */
export function runLanes(
  services: { reddit: RedditClient; content: ContentStore; scrapes: ScrapeMemory },
  given: object,
  run: LaneRun,
) {
  const parameters = scrapeParameters.parse(given);
  const states = (run.states ?? parameters.subreddits.map(freshLane)).map((state) => laneState.parse(state));
  /** The saved states, as in the database. A change that was not saved is lost with its attempt. */
  const saved: LaneState[] = structuredClone(states);
  const log = {
    info: (_: object, line: string) => run.log?.(line),
    warn: (_: object, line: string) => run.log?.(line),
  };

  async function work() {
    for (const [position, lane] of states.entries()) {
      const context = {
        executionId: run.executionId,
        position,
        isLastAttempt: run.isLastAttempt ?? false,
        startedAt: run.startedAt,
        parameters,
        signal: run.signal ?? new AbortController().signal,
        reddit: services.reddit.scoped(),
        services,
        log,
        known: new Set<string>(),
      };
      const keep = async () => {
        saved[position] = structuredClone(lane);
      };
      try {
        await runSlice(context, lane, { requests: Infinity, ms: Infinity }, async () => {
          await keep();
          run.onSave?.();
        });
      } finally {
        await keep();
      }
    }
    return scrapeResult(
      states.map((lane) => lane.outcome),
      { configId: 7, isSandbox: services.reddit.isSandbox },
    );
  }
  return { result: work(), states: () => JSON.parse(JSON.stringify(saved)) as LaneState[] };
}
