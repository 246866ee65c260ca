import { rows } from '../sql/rows';
import { toJson } from '../sql/storable-json';
import type { Database } from '../../platform/postgres/postgres';

export interface StoredLane {
  position: number;
  state: unknown;
  version: number;
  /** The run's attempt that a step at work belongs to; null while none is at work. */
  heldAttempt: number | null;
  updatedAt: Date;
}

export type ScrapeLaneRepository = ReturnType<typeof createScrapeLaneRepository>;

const COLUMNS = 'position, state, version, held_attempt as "heldAttempt", updated_at as "updatedAt"';

/**
 * The state of each subreddit of a scrape. It is saved after every request, so that a lost worker repeats only the
 * requests that were in flight.
 */
export function createScrapeLaneRepository(database: Database) {
  async function list(executionId: number): Promise<StoredLane[]> {
    return rows<StoredLane>(
      database,
      `select ${COLUMNS} from reddit_scrape_lanes where execution_id = :executionId order by position`,
      { executionId },
    );
  }

  return {
    list,

    /** Inserts a lane for each state, once, and the run's first attempt. Returns the stored lanes in order. */
    async open(run: { executionId: number; states: unknown[]; worker: string }): Promise<StoredLane[]> {
      await rows(
        database,
        `with attempt as (
           insert into task_attempts (execution_id, attempt, worker, started_at)
           select id, 1, :worker, now() from task_executions where id = :executionId and status = 'running'
           on conflict do nothing
         )
         insert into reddit_scrape_lanes (execution_id, position, state)
         select :executionId, n - 1, state
         from jsonb_array_elements(cast(:states as jsonb)) with ordinality as s(state, n)
         on conflict do nothing`,
        { executionId: run.executionId, worker: run.worker, states: toJson(run.states) },
      );
      return list(run.executionId);
    },

    async find(executionId: number, position: number): Promise<StoredLane | undefined> {
      const [lane] = await rows<StoredLane>(
        database,
        `select ${COLUMNS} from reddit_scrape_lanes where execution_id = :executionId and position = :position`,
        { executionId, position },
      );
      return lane;
    },

    /**
     * Takes a lane for a step, under the run's newest attempt. The step that held it before can save no more. Undefined
     * when the run has ended.
     */
    async hold(executionId: number, position: number): Promise<StoredLane | undefined> {
      const [lane] = await rows<StoredLane>(
        database,
        `update reddit_scrape_lanes set
           version = version + 1,
           held_attempt = (select max(attempt) from task_attempts where execution_id = :executionId)
         where execution_id = :executionId and position = :position
           and exists (select 1 from task_executions where id = :executionId and status = 'running')
         returning ${COLUMNS}`,
        { executionId, position },
      );
      return lane;
    },

    /** False when a newer step holds the lane: then nothing is written. */
    async save(
      executionId: number,
      lane: { position: number; version: number; state: unknown; isReleased: boolean },
    ): Promise<boolean> {
      const saved = await rows(
        database,
        `update reddit_scrape_lanes set
           state = cast(:state as jsonb),
           held_attempt = case when :isReleased then null else held_attempt end,
           updated_at = now()
         where execution_id = :executionId and position = :position and version = :version
         returning position`,
        { executionId, ...lane, state: toJson(lane.state) },
      );
      return saved.length > 0;
    },
  };
}
