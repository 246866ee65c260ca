import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';

export interface Stagger {
  configId: number;
  seconds: number;
}

const WIDEN = `
  with wanted as (
    select * from unnest(cast(:configIds as int[]), cast(:seconds as int[])) as w(config_id, seconds)
  ),
  due as (
    select c.id, w.seconds, w.seconds > c.stagger_seconds as is_wider
    from task_configs c join wanted w on w.config_id = c.id
    where w.seconds > c.stagger_seconds or c.staggered_until < cast(:renewBefore as timestamptz)
    order by c.id for no key update of c
  )
  update task_configs c set
    staggered_until = cast(:until as timestamptz),
    stagger_seconds = greatest(c.stagger_seconds, due.seconds),
    revision = c.revision + case when is_wider then 1 else 0 end
  from due where due.id = c.id
  returning c.id, is_wider as "isWider"`;

const END = `
  update task_configs set stagger_seconds = 0, staggered_until = null, revision = revision + 1
  where id in (
    select id from task_configs where staggered_until < cast(:now as timestamptz) order by id limit :limit
    for no key update
  )
  returning id`;

export type StaggerRepository = ReturnType<typeof createStaggerRepository>;

/** By how much the runs of a config are spread. A change increments the config's revision. */
export function createStaggerRepository(database: Database) {
  return {
    /**
     * Sets these staggers until `until`; one that is wider already stays. Those that end before `renewBefore` are
     * prolonged. Returns the ids of the configs whose schedule changes.
     */
    async widen(staggers: Stagger[], times: { until: Date; renewBefore: Date }): Promise<number[]> {
      if (staggers.length === 0) return [];
      const changed = await rows<{ id: number; isWider: boolean }>(database, WIDEN, {
        configIds: staggers.map((stagger) => stagger.configId),
        seconds: staggers.map((stagger) => stagger.seconds),
        ...times,
      });
      return changed.filter((row) => row.isWider).map((row) => row.id);
    },

    /** Ends the staggers whose time is over. Returns the ids of their configs. */
    async endPassed(now: Date, limit: number): Promise<number[]> {
      return (await rows<{ id: number }>(database, END, { now, limit })).map((row) => row.id);
    },
  };
}
