import { MARKERS } from './reddit-content-scrub';
import { toJson, toText } from '../sql/storable-json';
import type { Bindings } from '../sql/rows';
import type { CheckCounts, ContentCheck } from '../../tasks/ports/deletion-store';

/** The prefix of a fullname: t3 is a post, t1 a comment. */
export type Kind = 't3' | 't1';

/** Counts of one statement, and the ids of what it has counted as withheld. */
export type RecordedCounts = Omit<CheckCounts, 'requests'> & { withheldIds: string[] | null };

const MARKER_LIST = MARKERS.map((marker) => `'${marker}'`).join(', ');

interface Target {
  table: string;
  /** Assignments that scrub a row. */
  gone: string;
  /** Every column that tells what was written, or by whom, with its value while Reddit still shows the content. */
  wording: Record<string, string>;
  isScrubbed: string;
}

/**
 * The search vector is not among the columns: PostgreSQL derives it from them. Neither is the language, which the
 * worker finds out anew within a minute or so.
 */
export const TARGETS: Record<Kind, Target> = {
  t3: {
    table: 'reddit_posts',
    gone: `title = g.marker, content = g.marker, author = '[deleted]',
        url = null, domain = null, flair_text = null, media = null`,
    wording: {
      title: 'coalesce(g.title, r.title)',
      content: 'g.text',
      author: 'cast(g.author as varchar(100))',
      url: 'g.url',
      domain: 'cast(g.domain as varchar(200))',
      flair_text: 'cast(g.flair_text as varchar(200))',
      // The votes of a poll are no wording.
      media: "case when r.media - 'poll' is not distinct from g.media - 'poll' then r.media else g.media end",
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

export function recordBindings(checks: ContentCheck[], runStartedAt: Date): Bindings {
  const there = checks.map((check) => (check.state === 'there' ? check : null));
  return {
    runStartedAt: runStartedAt.toISOString(),
    ids: checks.map(({ fullname }) => fullname.slice(3)),
    states: checks.map(({ state }) => state),
    markers: checks.map((check) => (check.state === 'gone' ? check.marker : null)),
    titles: there.map((wording) => toText(wording?.title)),
    texts: there.map((wording) => toText(wording?.text)),
    authors: there.map((wording) => toText(wording?.author)),
    submitters: there.map((wording) => wording?.isSubmitter ?? false),
    urls: there.map((wording) => toText(wording?.url)),
    domains: there.map((wording) => toText(wording?.domain)),
    flairs: there.map((wording) => toText(wording?.flairText)),
    media: there.map((wording) => (wording?.media ? toJson(wording.media) : null)),
    edits: there.map((wording) => wording?.editedAt?.toISOString() ?? null),
  };
}

/**
 * Rows are locked in the order of their ids, as scrapes do. There are three updates of disjoint rows, because
 * PostgreSQL rewrites only the columns that an update names.
 */
export function recordStatement(kind: Kind): string {
  const { table, gone, wording, isScrubbed } = TARGETS[kind];
  const columns = Object.keys(wording);
  const stored = columns.map((column) => `r.${column}`).join(', ');
  const differs = `(${stored}) is distinct from (${Object.values(wording).join(', ')})`;
  const assignments = columns.map((column) => `${column} = ${wording[column]}`).join(', ');
  return `
    with given as (
      select * from unnest(
        cast(:ids as text[]), cast(:states as text[]), cast(:markers as text[]), cast(:titles as text[]),
        cast(:texts as text[]), cast(:authors as text[]), cast(:submitters as bool[]), cast(:urls as text[]),
        cast(:domains as text[]), cast(:flairs as text[]), cast(:media as jsonb[]), cast(:edits as timestamptz[])
      ) as g(id, state, marker, title, text, author, is_submitter, url, domain, flair_text, media, edited_at)
    ),
    held as materialized (
      select r.id,
        case
          when g.state = 'gone' and not (${isScrubbed}) then 'scrub'
          when g.state = 'there' and r.is_deleted then 'restore'
          when g.state = 'there' and ${differs} then 'edit'
          else 'leave'
        end as deed
      from ${table} r join given g on g.id = r.id
      where r.checked_at < cast(:runStartedAt as timestamptz) order by r.id for no key update of r
    ),
    clock as (select greatest(now(), cast(:runStartedAt as timestamptz)) as at),
    scrubbed as (
      update ${table} r
      set ${gone},
        is_deleted = true, language = null, scraped_at = clock.at, checked_at = clock.at
      from held join given g using (id), clock where r.id = held.id and held.deed = 'scrub'
    ),
    written as (
      update ${table} r
      set ${assignments},
        is_deleted = false, language = null, scraped_at = clock.at, checked_at = clock.at
      from held join given g using (id), clock where r.id = held.id and held.deed in ('restore', 'edit')
    ),
    left_alone as (
      update ${table} r set checked_at = clock.at from held, clock where r.id = held.id and held.deed = 'leave'
    )
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
