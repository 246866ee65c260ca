import { decodeCursor, encodeCursor, pageOf } from '../sql/page-cursor';
import { rows, type Bindings } from '../sql/rows';
import { findHighlights, type Fragment } from './search-highlights';
import { readSearchWords, type SearchWords } from './search-words';
import { BadCursorError } from '../storage-errors';
import type { Database } from '../../platform/postgres/postgres';
import type { ContentLanguage } from '../../shared/content-languages';

export type ContentKind = 'post' | 'comment';
export interface SearchQuery {
  q: string;
  /** That of the words in `q`. */
  language?: ContentLanguage;
  kinds: readonly ContentKind[];
  limit: number;
  cursor?: string;
  /** In any case, as the author's name is. */
  subreddits?: string[];
  author?: string;
  minScore?: number;
  /** By the time of writing on Reddit: since ≤ time < until. */
  since?: Date;
  until?: Date;
  nsfw?: boolean;
}
export interface SearchHit {
  kind: ContentKind;
  id: string;
  postId: string;
  /** Of a comment, that of its post. */
  title: string;
  subreddit: string;
  author: string | null;
  score: number;
  redditCreatedAt: Date;
  isNsfw: boolean;
  isSandbox: boolean;
  language: string | null;
  rank: number;
  /** Of a post, all of its title. */
  markedTitle: Fragment | null;
  fragments: Fragment[];
}
export interface SearchPage {
  hits: SearchHit[];
  nextCursor: string | null;
  /** Of those that were ranked. */
  total: number;
  isCapped: boolean;
  /** The query has no searchable word: only stop words, or none. */
  isWordless: boolean;
}

/** Common words match hundreds of thousands of rows, so only this many of the newest of each kind are ranked. */
const MOST_RANKED = 2_000;
/** How common the words are, is estimated from this many of the newest rows. It takes some milliseconds. */
const SAMPLE = 10_000;
/** With fewer matches in the sample there is no estimate; so rare words are cheap to search without one. */
const LEAST_IN_SAMPLE = 30;
/** Factor by which more rows are read than the estimate says: words are not spread evenly over time. */
const SPARE = 1.5;
/** A headline is made of the first characters of a text; a match further down is found, but not shown. */
const HEADLINE_CHARACTERS = 20_000;
/** Weights of the classes D, C, B and A: a text has D, a title A. */
const WEIGHTS = "'{0.4,0.4,0.4,1}'";

const TS_QUERY = 'cast(:tsquery as tsquery)';

interface Anchor {
  /** The time of the first page, in microseconds. Rows that were stored later do not shift the pages after it. */
  asOf: number;
  rank: number;
  at: number;
  kind: ContentKind;
  id: string;
}
const writeCursor = ({ asOf, rank, at, kind, id }: Anchor) => encodeCursor(`q:${asOf}:${rank}:${at}:${kind}:${id}`);

function readCursor(cursor: string): Anchor {
  const match = decodeCursor(
    /^q:(\d{1,16}):(\d+(?:\.\d+)?(?:e-?\d{1,2})?):(-?\d{1,18}):(post|comment):(\w{1,50})$/,
    cursor,
  );
  const [asOf, rank, at] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (!(asOf < 4e15) || !(rank < 1e6) || !Number.isSafeInteger(at)) throw new BadCursorError(cursor);
  return { asOf, rank, at, kind: match[4] as ContentKind, id: match[5] ?? '' };
}

/** Null: all of time. */
type Horizons = Partial<Record<ContentKind, Date | null>>;

const PARTS: Record<ContentKind, { table: string; nsfw: string }> = {
  post: { table: 'reddit_posts', nsfw: 'r.is_nsfw = :nsfw' },
  comment: {
    table: 'reddit_comments',
    nsfw: 'exists (select from reddit_posts p where p.id = r.post_id and p.is_nsfw = :nsfw)',
  },
};

type Condition = string | Date | false | undefined;
const where = (...conditions: Condition[]) =>
  `where ${conditions.filter((one) => typeof one === 'string').join(' and ') || 'true'}`;
const timesOf = (query: SearchQuery): Condition[] => [
  query.since && 'r.reddit_created_at >= :since',
  query.until && 'r.reddit_created_at < :until',
];
const matchesOf = (query: SearchQuery, anchor: Anchor | undefined, kind: ContentKind): Condition[] => [
  `r.search @@ ${TS_QUERY} and not r.is_deleted`,
  anchor && "r.first_seen_at <= timestamptz 'epoch' + :asOf * interval '1 microsecond'",
  query.subreddits && 'lower(r.subreddit) = any(cast(:subreddits as text[]))',
  query.author !== undefined && 'lower(r.author) = lower(:author)',
  query.minScore !== undefined && 'r.score >= :minScore',
  query.nsfw !== undefined && PARTS[kind].nsfw,
];

/** Since when a kind should have as many matches as are ranked; null when matches are rare, or their number unknown. */
function horizonsStatement(query: SearchQuery, anchor: Anchor | undefined): string {
  const newest = (kind: ContentKind) =>
    `from ${PARTS[kind].table} r ${where(...timesOf(query))} order by r.reddit_created_at desc, r.id desc`;
  const horizon = (kind: ContentKind) => `(
    select (
      select r.reddit_created_at ${newest(kind)} offset cast(${SAMPLE * SPARE} * :most / found as int) limit 1
    )
    from (
      select count(*) as found from (select r.* ${newest(kind)} limit ${SAMPLE}) r
      ${where(...matchesOf(query, anchor, kind))}
    ) sample where found >= ${LEAST_IN_SAMPLE}
  ) as ${kind}`;
  return `select ${query.kinds.map(horizon).join(', ')}`;
}

/**
 * The newest matches of a kind. Those of common words are found by the index of words and the index of time together,
 * without a look at older ones. Should they be fewer than the sample promised, all of time is searched after all.
 */
function newestPart(query: SearchQuery, anchor: Anchor | undefined, kind: ContentKind, hasHorizon: boolean): string {
  // The "+ interval" keeps the planner from walking through all of time until it has found enough.
  const newest = (...conditions: Condition[]) => `
      select r.id, r.search, r.reddit_created_at from ${PARTS[kind].table} r
      ${where(...conditions, ...timesOf(query), ...matchesOf(query, anchor, kind))}
      order by r.reddit_created_at + interval '0' desc, r.id desc limit :most`;
  if (!hasHorizon) return `${kind}_newest as (${newest()})`;
  return `
    ${kind}_recent as materialized (${newest(`r.reddit_created_at >= :${kind}Horizon`)}),
    ${kind}_newest as (
      select * from ${kind}_recent where (select count(*) from ${kind}_recent) >= :most
      union all
      (${newest(`(select count(*) from ${kind}_recent) < :most`)})
    )`;
}

const rankedPart = (kind: ContentKind) => `
      select '${kind}' as kind, id, (extract(epoch from reddit_created_at) * 1000000)::int8 as at,
        ts_rank_cd(${WEIGHTS}, search, ${TS_QUERY}, 1)::float8 as rank
      from ${kind}_newest`;

function statement(query: SearchQuery, anchor: Anchor | undefined, horizons: Horizons): string {
  const newest = query.kinds.map((kind) => newestPart(query, anchor, kind, Boolean(horizons[kind])));
  return `
    with ${newest.join(',')},
    matches as materialized (${query.kinds.map(rankedPart).join(' union all ')}),
    totals as (
      select count(*) as total,
        count(*) filter (where kind = 'post') >= :most
          or count(*) filter (where kind = 'comment') >= :most as is_capped
      from matches
    ),
    page as (
      select * from matches ${anchor ? 'where (rank, at, kind, id) < (:rank, :at, :kind, :id)' : ''}
      order by rank desc, at desc, kind desc, id desc limit :limit + 1
    )
    select totals.total, totals.is_capped as "isCapped",
      (extract(epoch from now()) * 1000000)::int8 as "asOf",
      page.kind, page.id, page.at, page.rank, p.id as "postId", p.title,
      coalesce(c.subreddit, p.subreddit) as subreddit,
      case page.kind when 'post' then p.author else c.author end as author,
      coalesce(c.score, p.score) as score,
      coalesce(c.reddit_created_at, p.reddit_created_at) as "redditCreatedAt",
      p.is_nsfw as "isNsfw",
      case page.kind when 'post' then p.is_sandbox else c.is_sandbox end as "isSandbox",
      case page.kind when 'post' then p.language else c.language end as language,
      left(case page.kind when 'post' then p.content else c.body end, ${HEADLINE_CHARACTERS}) as text
    from totals left join page on true
      left join reddit_comments c on page.kind = 'comment' and c.id = page.id
      left join reddit_posts p on p.id = case page.kind when 'post' then page.id else c.post_id end
    order by page.rank desc, page.at desc, page.kind desc, page.id desc`;
}

interface FoundRow extends Omit<SearchHit, 'markedTitle' | 'fragments'> {
  text: string | null;
  total: number;
  isCapped: boolean;
  asOf: number;
  at: number;
}

function bindingsOf(query: SearchQuery, { tsquery }: SearchWords, anchor: Anchor | undefined): Bindings {
  return {
    ...anchor,
    tsquery,
    most: MOST_RANKED,
    limit: query.limit,
    subreddits: query.subreddits?.map((name) => name.toLowerCase()),
    author: query.author,
    minScore: query.minScore,
    since: query.since,
    until: query.until,
    nsfw: query.nsfw,
  };
}

/** Posts and comments together, the best match first, the newest first among equals. Deleted content is not found. */
export async function searchContent(database: Database, query: SearchQuery): Promise<SearchPage> {
  const anchor = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const words = await readSearchWords(database, query.q, query.language);
  const known = bindingsOf(query, words, anchor);
  const [horizons = {}] = await rows<Horizons>(database, horizonsStatement(query, anchor), known);
  const answer = await rows<FoundRow>(database, statement(query, anchor, horizons), {
    ...known,
    postHorizon: horizons.post,
    commentHorizon: horizons.comment,
  });
  const [first] = answer;
  const found = answer.filter(({ id }) => id !== null);
  const { items: hits, nextCursor } = pageOf(found, query.limit, ({ rank, at, kind, id }) =>
    writeCursor({ asOf: anchor?.asOf ?? first?.asOf ?? 0, rank, at, kind, id }),
  );
  const highlights = await findHighlights(
    database,
    { ...words, q: query.q, language: query.language },
    hits.flatMap(({ kind, title, text, language }) =>
      [...(kind === 'post' ? [title] : []), text ?? ''].map((each) => ({ text: each, language })),
    ),
  );
  return {
    hits: hits.map(({ total: _total, isCapped: _isCapped, asOf: _asOf, at: _at, ...row }) => {
      const { text, ...hit } = row;
      return {
        ...hit,
        markedTitle: hit.kind === 'post' ? highlights.whole(hit.title, hit.language) : null,
        fragments: highlights.fragments(text ?? '', hit.language),
      };
    }),
    nextCursor,
    total: first?.total ?? 0,
    isCapped: first?.isCapped ?? false,
    isWordless: words.isWordless,
  };
}
