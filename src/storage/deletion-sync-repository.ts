import { MARKERS } from './reddit-content-scrub';
import type { Database } from '../platform/postgres';

export interface SyncScope {
  /** In any case; all when empty. */
  subreddits: string[];
  isSandbox: boolean;
  /** By the time of writing on Reddit: since ≤ time < until. */
  since: Date;
  until: Date;
}
/** What Reddit says of a post or comment. `gone` carries what stands in place of its text; `there` the text itself, for what was gone before. */
export type Check = { fullname: string } & ({ state: 'there'; title: string | null; text: string | null; author: string | null; isSubmitter: boolean } | { state: 'gone'; marker: '[deleted]' | '[removed]' } | { state: 'unreadable' });

export interface SyncCounts {
  checked: number;
  deleted: number;
  removed: number;
  restored: number;
  unreadable: number;
  requests: number;
}
type Kind = 't3' | 't1';
const COUNTS = ['checked', 'deleted', 'removed', 'restored', 'unreadable', 'requests'] as const;
const MARKER_LIST = MARKERS.map((marker) => `'${marker}'`).join(', ');

/** Every column that tells what somebody wrote, or who it was; the search vector follows from them. */
const TARGETS: Record<Kind, { table: string; gone: string; restored: string; isScrubbed: string }> = {
  t3: {
    table: 'reddit_posts',
    gone: "title = g.marker, content = g.marker, author = '[deleted]', url = null, domain = null, flair_text = null",
    restored: 'title = coalesce(g.title, r.title), content = g.text, author = cast(g.author as varchar(100))',
    isScrubbed: `r.is_deleted and r.title in (${MARKER_LIST})`,
  },
  t1: {
    table: 'reddit_comments',
    gone: "body = g.marker, author = '[deleted]', is_submitter = false",
    restored: 'body = coalesce(g.text, r.body), author = cast(g.author as varchar(100)), is_submitter = g.is_submitter',
    isScrubbed: `r.is_deleted and r.body in (${MARKER_LIST})`,
  },
};

export type DeletionSyncRepository = ReturnType<typeof createDeletionSyncRepository>;

export function createDeletionSyncRepository(database: Database) {
  async function countsOf(executionId: number): Promise<SyncCounts> {
    const row = await database('reddit_deletion_syncs').where({ execution_id: executionId }).first<SyncCounts | undefined>(...COUNTS);
    return row ?? { checked: 0, deleted: 0, removed: 0, restored: 0, unreadable: 0, requests: 0 };
  }

  return {
    countsOf,

    /** Fullnames of what was not checked since `runStartedAt`, the longest unchecked first. */
    async listDue(scope: SyncScope, { runStartedAt, limit }: { runStartedAt: Date; limit: number }): Promise<string[]> {
      // Nothing is checked before it was written. The day is for clocks that differ; the bound spares the scan all that is too old.
      const part = (kind: Kind) => `
        (select '${kind}_' || id as fullname, checked_at from ${TARGETS[kind].table}
         where checked_at < :runStartedAt and checked_at >= cast(:since as timestamptz) - interval '1 day' and reddit_created_at >= :since and reddit_created_at < :until and is_sandbox = :isSandbox
           and (cast(:all as bool) or lower(subreddit) = any(cast(:subreddits as text[])))
         order by checked_at, id limit :limit)`;
      const { rows } = await database.raw<{ rows: { fullname: string }[] }>(`select fullname from (${part('t3')} union all ${part('t1')}) due order by checked_at, fullname limit :limit`, {
        ...scope, runStartedAt, limit, all: scope.subreddits.length === 0, subreddits: scope.subreddits.map((name) => name.toLowerCase()),
      } as never);
      return rows.map((row) => row.fullname);
    },

    /** Writes what was found and counts it, together or not at all. What another attempt of the run has checked already counts no second time. */
    async record(executionId: number, { runStartedAt, checks, requests }: { runStartedAt: Date; checks: Check[]; requests: number }): Promise<SyncCounts> {
      return database.transaction(async (transaction) => {
        const counts = { checked: 0, deleted: 0, removed: 0, restored: 0, unreadable: 0, requests };
        for (const kind of ['t3', 't1'] as const) {
          const own = checks.filter(({ fullname }) => fullname.startsWith(`${kind}_`));
          if (own.length === 0) continue;
          const { rows } = await transaction.raw<{ rows: Omit<SyncCounts, 'requests'>[] }>(recordStatement(kind), bindingsOf(own, runStartedAt));
          for (const count of COUNTS) if (count !== 'requests') counts[count] += rows[0]?.[count] ?? 0;
        }
        await transaction.raw(
          `insert into reddit_deletion_syncs as s (execution_id, ${COUNTS.join(', ')}) values (:executionId, ${COUNTS.map((count) => `:${count}`).join(', ')})
           on conflict (execution_id) do update set ${COUNTS.map((count) => `${count} = s.${count} + excluded.${count}`).join(', ')}`,
          { executionId, ...counts },
        );
        return (await transaction('reddit_deletion_syncs').where({ execution_id: executionId }).first<SyncCounts | undefined>(...COUNTS)) ?? counts;
      });
    },
  };
}

function bindingsOf(checks: Check[], runStartedAt: Date) {
  const storable = (text: string | null) => text?.replaceAll('\0', '') ?? null;
  const there = (check: Check) => (check.state === 'there' ? check : null);
  return {
    runStartedAt: runStartedAt.toISOString(),
    ids: checks.map(({ fullname }) => fullname.slice(3)),
    states: checks.map(({ state }) => state),
    markers: checks.map((check) => (check.state === 'gone' ? check.marker : null)),
    titles: checks.map((check) => storable(there(check)?.title ?? null)),
    texts: checks.map((check) => storable(there(check)?.text ?? null)),
    authors: checks.map((check) => storable(there(check)?.author ?? null)),
    submitters: checks.map((check) => there(check)?.isSubmitter ?? false),
  } as never;
}

/** Rows are locked in the order of their ids, as scrapes do. Three updates of disjoint rows: PostgreSQL rewrites only what each one names. */
function recordStatement(kind: Kind): string {
  const { table, gone, restored, isScrubbed } = TARGETS[kind];
  return `
    with given as (
      select * from unnest(cast(:ids as text[]), cast(:states as text[]), cast(:markers as text[]), cast(:titles as text[]), cast(:texts as text[]), cast(:authors as text[]), cast(:submitters as bool[]))
        as g(id, state, marker, title, text, author, is_submitter)
    ),
    held as materialized (
      select r.id, case when g.state = 'gone' and not (${isScrubbed}) then 'scrub' when g.state = 'there' and r.is_deleted then 'restore' else 'leave' end as deed
      from ${table} r join given g on g.id = r.id where r.checked_at < cast(:runStartedAt as timestamptz) order by r.id for no key update of r
    ),
    clock as (select greatest(now(), cast(:runStartedAt as timestamptz)) as at),
    scrubbed as (update ${table} r set ${gone}, is_deleted = true, scraped_at = clock.at, checked_at = clock.at from held join given g using (id), clock where r.id = held.id and held.deed = 'scrub'),
    brought_back as (update ${table} r set ${restored}, is_deleted = false, scraped_at = clock.at, checked_at = clock.at from held join given g using (id), clock where r.id = held.id and held.deed = 'restore'),
    left_alone as (update ${table} r set checked_at = clock.at from held, clock where r.id = held.id and held.deed = 'leave')
    select count(*) as checked,
      count(*) filter (where deed = 'scrub' and marker = '[deleted]') as deleted,
      count(*) filter (where deed = 'scrub' and marker = '[removed]') as removed,
      count(*) filter (where deed = 'restore') as restored,
      count(*) filter (where state = 'unreadable') as unreadable
    from held join given using (id)`;
}
