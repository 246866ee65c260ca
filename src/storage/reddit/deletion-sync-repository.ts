import { recordBindings, recordStatement, TARGETS, type Kind, type RecordedCounts } from './deletion-sync-statement';
import { rows, type Bindings } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type {
  CheckCounts,
  ContentCheck,
  DueContent,
  SyncScope,
  WithheldSubreddit,
} from '../../tasks/ports/deletion-store';

const KINDS: readonly Kind[] = ['t3', 't1'];
const NO_COUNTS: CheckCounts = {
  checked: 0,
  deleted: 0,
  removed: 0,
  restored: 0,
  edited: 0,
  unreadable: 0,
  withheld: 0,
  requests: 0,
};
const COUNTS = Object.keys(NO_COUNTS) as (keyof CheckCounts)[];

/**
 * No row was checked before it was written on Reddit, so the bound on `checked_at` spares the scan all older rows. The
 * day allows for clocks that differ.
 */
const IN_SCOPE = `
  checked_at >= cast(:since as timestamptz) - interval '1 day'
  and reddit_created_at >= :since and reddit_created_at < :until and is_sandbox = :isSandbox
  and (cast(:all as bool) or lower(subreddit) = any(cast(:subreddits as text[])))`;

const scopeBindings = ({ subreddits, ...scope }: SyncScope): Bindings => ({
  ...scope,
  all: subreddits.length === 0,
  subreddits: subreddits.map((name) => name.toLowerCase()),
});

const ADD_COUNTS = `
  insert into reddit_deletion_syncs as s (execution_id, ${COUNTS.join(', ')})
  values (:executionId, ${COUNTS.map((count) => `:${count}`).join(', ')})
  on conflict (execution_id) do update
  set ${COUNTS.map((count) => `${count} = s.${count} + excluded.${count}`).join(', ')}`;

const ADD_WITHHELD = `
  insert into reddit_withheld_subreddits as w (execution_id, subreddit, reason, items)
  select :executionId, * from unnest(cast(:names as text[]), cast(:reasons as text[]), cast(:items as int[]))
  on conflict (execution_id, subreddit) do update set
    items = w.items + excluded.items, reason = excluded.reason`;

async function findCounts(database: Database, executionId: number): Promise<CheckCounts | undefined> {
  return database('reddit_deletion_syncs')
    .where({ execution_id: executionId })
    .first<CheckCounts | undefined>(...COUNTS);
}

async function addWithheld(database: Database, executionId: number, withheld: WithheldSubreddit[]): Promise<void> {
  if (withheld.length === 0) return;
  await rows(database, ADD_WITHHELD, {
    executionId,
    names: withheld.map((row) => row.subreddit),
    reasons: withheld.map((row) => row.reason),
    items: withheld.map((row) => row.items),
  });
}

export type DeletionSyncRepository = ReturnType<typeof createDeletionSyncRepository>;

export function createDeletionSyncRepository(database: Database) {
  return {
    async countsOf(executionId: number): Promise<CheckCounts> {
      return (await findCounts(database, executionId)) ?? NO_COUNTS;
    },

    async listDue(
      scope: SyncScope,
      { runStartedAt, limit }: { runStartedAt: Date; limit: number },
    ): Promise<DueContent[]> {
      const part = (kind: Kind) => `
        (
          select '${kind}_' || id as fullname, lower(subreddit) as subreddit, checked_at from ${TARGETS[kind].table}
          where checked_at < :runStartedAt and ${IN_SCOPE}
          order by checked_at, id limit :limit
        )`;
      return rows<DueContent>(
        database,
        `select fullname, subreddit from (${part('t3')} union all ${part('t1')}) due
         order by checked_at, fullname limit :limit`,
        { ...scopeBindings(scope), runStartedAt, limit },
      );
    },

    /** Counts up to `limit` posts and `limit` comments. */
    async countStored(scope: SyncScope, limit: number): Promise<{ posts: number; comments: number }> {
      const part = (kind: Kind) =>
        `(select count(*) from (select 1 from ${TARGETS[kind].table} where ${IN_SCOPE} limit :limit) found)`;
      const [row] = await rows<{ posts: number; comments: number }>(
        database,
        `select ${part('t3')} as posts, ${part('t1')} as comments`,
        { ...scopeBindings(scope), limit },
      );
      return row ?? { posts: 0, comments: 0 };
    },

    async withoutContent(subreddits: string[], isSandbox: boolean): Promise<string[]> {
      const isStored = (kind: Kind) => `
        exists (
          select 1 from ${TARGETS[kind].table} where lower(subreddit) = lower(name) and is_sandbox = :isSandbox
        )`;
      const found = await rows<{ name: string }>(
        database,
        `select name from unnest(cast(:subreddits as text[])) with ordinality as given(name, place)
         where not ${isStored('t3')} and not ${isStored('t1')} order by place`,
        { subreddits, isSandbox },
      );
      return found.map(({ name }) => name);
    },

    async listWithheld(executionId: number): Promise<WithheldSubreddit[]> {
      return database('reddit_withheld_subreddits')
        .where({ execution_id: executionId })
        .orderBy('subreddit')
        .select('subreddit', 'reason', 'items');
    },

    /**
     * Writes the results of the checks and adds them to the counts, in one transaction. What another attempt of the run
     * has already checked is not counted again.
     */
    async record(
      executionId: number,
      { runStartedAt, checks, requests }: { runStartedAt: Date; checks: ContentCheck[]; requests: number },
    ): Promise<CheckCounts> {
      return database.transaction(async (transaction) => {
        const counts = { ...NO_COUNTS, requests };
        const withheldNames = new Set<string>();
        for (const kind of KINDS) {
          const own = checks.filter(({ fullname }) => fullname.startsWith(`${kind}_`));
          if (own.length === 0) continue;
          const bindings = recordBindings(own, runStartedAt);
          const [recorded] = await rows<RecordedCounts>(transaction, recordStatement(kind), bindings);
          if (!recorded) continue;
          for (const count of COUNTS) if (count !== 'requests') counts[count] += recorded[count];
          for (const id of recorded.withheldIds ?? []) withheldNames.add(`${kind}_${id}`);
        }
        await rows(transaction, ADD_COUNTS, { executionId, ...counts });
        await addWithheld(transaction, executionId, withheldSubreddits(checks, withheldNames));
        return (await findCounts(transaction, executionId)) ?? counts;
      });
    },
  };
}

/** The withheld subreddits of the checks that were counted by this transaction, and not by another attempt. */
function withheldSubreddits(checks: ContentCheck[], counted: Set<string>): WithheldSubreddit[] {
  const withheld = new Map<string, WithheldSubreddit>();
  for (const check of checks) {
    if (check.state !== 'withheld' || !counted.has(check.fullname)) continue;
    const { subreddit, reason } = check;
    withheld.set(subreddit, { subreddit, reason, items: (withheld.get(subreddit)?.items ?? 0) + 1 });
  }
  return [...withheld.values()];
}
