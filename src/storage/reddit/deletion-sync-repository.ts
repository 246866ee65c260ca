import { MARKERS } from './reddit-content-scrub';
import type { Database } from '../../platform/postgres/postgres';

export interface SyncScope {
  /** In any case; all when empty. */
  subreddits: string[];
  isSandbox: boolean;
  /** By the time of writing on Reddit: since ≤ time < until. */
  since: Date;
  until: Date;
}
export interface DueContent {
  fullname: string;
  /** In lower case. */
  subreddit: string;
}
/** What somebody wrote, and who it was. Of a comment there is no title, link or flair. */
interface Wording {
  title: string | null;
  text: string | null;
  author: string | null;
  isSubmitter: boolean;
  url: string | null;
  domain: string | null;
  flairText: string | null;
  editedAt: Date | null;
}
/** What Reddit says of a post or comment. `gone` carries what stands in place of its text; `there` how it reads now. */
export type Check = { fullname: string } & (
  | ({ state: 'there' } & Wording)
  | { state: 'gone'; marker: '[deleted]' | '[removed]' }
  | { state: 'unreadable' }
  | { state: 'withheld'; subreddit: string; reason: string }
);

export interface SyncCounts {
  checked: number;
  deleted: number;
  removed: number;
  restored: number;
  edited: number;
  unreadable: number;
  withheld: number;
  requests: number;
}
export interface WithheldSubreddit {
  subreddit: string;
  reason: string;
  items: number;
}
type Kind = 't3' | 't1';
const COUNTS = ['checked', 'deleted', 'removed', 'restored', 'edited', 'unreadable', 'withheld', 'requests'] as const;
const NO_COUNTS: SyncCounts = {
  checked: 0,
  deleted: 0,
  removed: 0,
  restored: 0,
  edited: 0,
  unreadable: 0,
  withheld: 0,
  requests: 0,
};
const MARKER_LIST = MARKERS.map((marker) => `'${marker}'`).join(', ');

/** Every column that tells what somebody wrote, or who it was, and what it comes to when Reddit still shows it; the search vector follows from them. */
const TARGETS: Record<Kind, { table: string; gone: string; wording: Record<string, string>; isScrubbed: string }> = {
  t3: {
    table: 'reddit_posts',
    gone: "title = g.marker, content = g.marker, author = '[deleted]', url = null, domain = null, flair_text = null",
    wording: {
      title: 'coalesce(g.title, r.title)',
      content: 'g.text',
      author: 'cast(g.author as varchar(100))',
      url: 'g.url',
      domain: 'cast(g.domain as varchar(200))',
      flair_text: 'cast(g.flair_text as varchar(200))',
      edited_at: 'g.edited_at',
    },
    isScrubbed: `r.is_deleted and r.title in (${MARKER_LIST})`,
  },
  t1: {
    table: 'reddit_comments',
    gone: "body = g.marker, author = '[deleted]', is_submitter = false",
    wording: {
      body: 'coalesce(g.text, r.body)',
      author: 'cast(g.author as varchar(100))',
      is_submitter: 'g.is_submitter',
      edited_at: 'g.edited_at',
    },
    isScrubbed: `r.is_deleted and r.body in (${MARKER_LIST})`,
  },
};

export type DeletionSyncRepository = ReturnType<typeof createDeletionSyncRepository>;

export function createDeletionSyncRepository(database: Database) {
  async function countsOf(executionId: number): Promise<SyncCounts> {
    const row = await database('reddit_deletion_syncs')
      .where({ execution_id: executionId })
      .first<SyncCounts | undefined>(...COUNTS);
    return row ?? NO_COUNTS;
  }

  return {
    countsOf,

    /** What was not checked since `runStartedAt`, the longest unchecked first. */
    async listDue(
      scope: SyncScope,
      { runStartedAt, limit }: { runStartedAt: Date; limit: number },
    ): Promise<DueContent[]> {
      const part = (kind: Kind) => `
        (select '${kind}_' || id as fullname, lower(subreddit) as subreddit, checked_at from ${TARGETS[kind].table}
         where checked_at < :runStartedAt and ${IN_SCOPE}
         order by checked_at, id limit :limit)`;
      const { rows } = await database.raw<{ rows: DueContent[] }>(
        `select fullname, subreddit from (${part('t3')} union all ${part('t1')}) due order by checked_at, fullname limit :limit`,
        { ...bindingsOfScope(scope), runStartedAt, limit } as never,
      );
      return rows;
    },

    /** As far as `limit` of each. */
    async countStored(scope: SyncScope, limit: number): Promise<{ posts: number; comments: number }> {
      const part = (kind: Kind) =>
        `(select count(*) from (select 1 from ${TARGETS[kind].table} where ${IN_SCOPE} limit :limit) found)`;
      const { rows } = await database.raw<{ rows: { posts: number; comments: number }[] }>(
        `select ${part('t3')} as posts, ${part('t1')} as comments`,
        { ...bindingsOfScope(scope), limit } as never,
      );
      return rows[0] ?? { posts: 0, comments: 0 };
    },

    /** Those of these subreddits of which nothing is stored, as they were given. */
    async withoutContent(subreddits: string[], isSandbox: boolean): Promise<string[]> {
      const isStored = (kind: Kind) =>
        `exists (select 1 from ${TARGETS[kind].table} where lower(subreddit) = lower(name) and is_sandbox = :isSandbox)`;
      const { rows } = await database.raw<{ rows: { name: string }[] }>(
        `select name from unnest(cast(:subreddits as text[])) with ordinality as given(name, place) where not ${isStored('t3')} and not ${isStored('t1')} order by place`,
        { subreddits, isSandbox },
      );
      return rows.map(({ name }) => name);
    },

    async listWithheld(executionId: number): Promise<WithheldSubreddit[]> {
      return database('reddit_withheld_subreddits')
        .where({ execution_id: executionId })
        .orderBy('subreddit')
        .select('subreddit', 'reason', 'items');
    },

    /** Writes what was found and counts it, together or not at all. What another attempt of the run has checked already counts no second time. */
    async record(
      executionId: number,
      { runStartedAt, checks, requests }: { runStartedAt: Date; checks: Check[]; requests: number },
    ): Promise<SyncCounts> {
      return database.transaction(async (transaction) => {
        const counts = { ...NO_COUNTS, requests };
        const withheld = new Map<string, WithheldSubreddit>();
        for (const kind of ['t3', 't1'] as const) {
          const own = checks.filter(({ fullname }) => fullname.startsWith(`${kind}_`));
          if (own.length === 0) continue;
          const { rows } = await transaction.raw<{
            rows: (Omit<SyncCounts, 'requests'> & { withheldIds: string[] | null })[];
          }>(recordStatement(kind), bindingsOf(own, runStartedAt));
          for (const count of COUNTS) if (count !== 'requests') counts[count] += rows[0]?.[count] ?? 0;
          addWithheld(withheld, own, kind, rows[0]?.withheldIds ?? []);
        }
        await transaction.raw(
          `insert into reddit_deletion_syncs as s (execution_id, ${COUNTS.join(', ')}) values (:executionId, ${COUNTS.map((count) => `:${count}`).join(', ')})
           on conflict (execution_id) do update set ${COUNTS.map((count) => `${count} = s.${count} + excluded.${count}`).join(', ')}`,
          { executionId, ...counts },
        );
        if (withheld.size > 0) {
          const rows = [...withheld.values()];
          await transaction.raw(
            `insert into reddit_withheld_subreddits as w (execution_id, subreddit, reason, items)
             select :executionId, * from unnest(cast(:names as text[]), cast(:reasons as text[]), cast(:items as int[]))
             on conflict (execution_id, subreddit) do update set items = w.items + excluded.items, reason = excluded.reason`,
            {
              executionId,
              names: rows.map((row) => row.subreddit),
              reasons: rows.map((row) => row.reason),
              items: rows.map((row) => row.items),
            },
          );
        }
        return (
          (await transaction('reddit_deletion_syncs')
            .where({ execution_id: executionId })
            .first<SyncCounts | undefined>(...COUNTS)) ?? counts
        );
      });
    },
  };
}

/** Nothing is checked before it was written. The day is for clocks that differ; the bound spares the scan all that is too old. */
const IN_SCOPE = `checked_at >= cast(:since as timestamptz) - interval '1 day' and reddit_created_at >= :since and reddit_created_at < :until and is_sandbox = :isSandbox
  and (cast(:all as bool) or lower(subreddit) = any(cast(:subreddits as text[])))`;
const bindingsOfScope = ({ subreddits, ...scope }: SyncScope) => ({
  ...scope,
  all: subreddits.length === 0,
  subreddits: subreddits.map((name) => name.toLowerCase()),
});

/** Of what this statement has checked, not another attempt. */
function addWithheld(withheld: Map<string, WithheldSubreddit>, checks: Check[], kind: Kind, ids: string[]): void {
  const counted = new Set(ids.map((id) => `${kind}_${id}`));
  for (const check of checks) {
    if (check.state !== 'withheld' || !counted.has(check.fullname)) continue;
    const { subreddit, reason } = check;
    withheld.set(subreddit, { subreddit, reason, items: (withheld.get(subreddit)?.items ?? 0) + 1 });
  }
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
    urls: checks.map((check) => storable(there(check)?.url ?? null)),
    domains: checks.map((check) => storable(there(check)?.domain ?? null)),
    flairs: checks.map((check) => storable(there(check)?.flairText ?? null)),
    edits: checks.map((check) => there(check)?.editedAt?.toISOString() ?? null),
  } as never;
}

/** Rows are locked in the order of their ids, as scrapes do. Three updates of disjoint rows: PostgreSQL rewrites only what each one names. */
function recordStatement(kind: Kind): string {
  const { table, gone, wording, isScrubbed } = TARGETS[kind];
  const columns = Object.keys(wording);
  const differs = `(${columns.map((column) => `r.${column}`).join(', ')}) is distinct from (${Object.values(wording).join(', ')})`;
  return `
    with given as (
      select * from unnest(cast(:ids as text[]), cast(:states as text[]), cast(:markers as text[]), cast(:titles as text[]), cast(:texts as text[]), cast(:authors as text[]), cast(:submitters as bool[]),
        cast(:urls as text[]), cast(:domains as text[]), cast(:flairs as text[]), cast(:edits as timestamptz[]))
        as g(id, state, marker, title, text, author, is_submitter, url, domain, flair_text, edited_at)
    ),
    held as materialized (
      select r.id, case when g.state = 'gone' and not (${isScrubbed}) then 'scrub'
        when g.state = 'there' and r.is_deleted then 'restore' when g.state = 'there' and ${differs} then 'edit' else 'leave' end as deed
      from ${table} r join given g on g.id = r.id where r.checked_at < cast(:runStartedAt as timestamptz) order by r.id for no key update of r
    ),
    clock as (select greatest(now(), cast(:runStartedAt as timestamptz)) as at),
    scrubbed as (update ${table} r set ${gone}, is_deleted = true, scraped_at = clock.at, checked_at = clock.at from held join given g using (id), clock where r.id = held.id and held.deed = 'scrub'),
    written as (update ${table} r set ${columns.map((column) => `${column} = ${wording[column]}`).join(', ')}, is_deleted = false, scraped_at = clock.at, checked_at = clock.at
      from held join given g using (id), clock where r.id = held.id and held.deed in ('restore', 'edit')),
    left_alone as (update ${table} r set checked_at = clock.at from held, clock where r.id = held.id and held.deed = 'leave')
    select count(*) as checked,
      count(*) filter (where deed = 'scrub' and marker = '[deleted]') as deleted,
      count(*) filter (where deed = 'scrub' and marker = '[removed]') as removed,
      count(*) filter (where deed = 'restore') as restored,
      count(*) filter (where deed = 'edit') as edited,
      count(*) filter (where state = 'unreadable') as unreadable,
      count(*) filter (where state = 'withheld') as withheld,
      array_agg(id) filter (where state = 'withheld') as "withheldIds"
    from held join given using (id)`;
}
