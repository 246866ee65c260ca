import { decodeCursor, encodeCursor, pageOf } from '../sql/page-cursor';
import { BadCursorError } from '../storage-errors';
import type { Database } from '../../platform/postgres/postgres';

export type ContentKind = 'post' | 'comment';
export interface SearchQuery {
  q: string;
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
/** A piece of a text, in runs of words that match and words that do not. */
export type Fragment = { text: string; isMatch: boolean }[];
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
  /** No word is left to look for: all of them are stop words, or there is none. */
  isWordless: boolean;
}

/** Private-use characters, taken out of the texts before: those in a headline were put there by the search. */
const MARKS = { open: '\ue000', close: '\ue001', cut: '\ue002' } as const;
/** Common words match hundreds of thousands of rows: of each kind so many of the newest are ranked, and no more. */
const MOST_RANKED = 2_000;
/** How common the words are is learned from so many of the newest rows, in some milliseconds. */
const SAMPLE = 10_000;
/** Fewer matches among them say too little, and are few enough in all. */
const LEAST_IN_SAMPLE = 30;
/** Rows looked through beyond those that should do: words are not spread evenly over time. */
const SPARE = 1.5;
/** A headline is made of so much of a text; what matches further down is found, and not shown. */
const HEADLINE_CHARACTERS = 20_000;
/** By how much a word counts: in a text (D), and in a title (A). */
const WEIGHTS = "'{0.4,0.4,0.4,1}'";

interface Anchor {
  /** Microseconds: the time of the first page. What came in later does not shift the pages after it. */
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
  "r.search @@ websearch_to_tsquery('english', :q) and not r.is_deleted",
  anchor && "r.first_seen_at <= timestamptz 'epoch' + :asOf * interval '1 microsecond'",
  query.subreddits && 'lower(r.subreddit) = any(cast(:subreddits as text[]))',
  query.author !== undefined && 'lower(r.author) = lower(:author)',
  query.minScore !== undefined && 'r.score >= :minScore',
  query.nsfw !== undefined && PARTS[kind].nsfw,
];

/** Since when there should be as many matches of a kind as are ranked; null when they are rare, or unknown. */
function horizonsStatement(query: SearchQuery, anchor: Anchor | undefined): string {
  const newest = (kind: ContentKind) =>
    `from ${PARTS[kind].table} r ${where(...timesOf(query))} order by r.reddit_created_at desc, r.id desc`;
  const horizon = (kind: ContentKind) => `(
    select (select r.reddit_created_at ${newest(kind)} offset cast(${SAMPLE * SPARE} * :most / found as int) limit 1)
    from (select count(*) as found from (select r.* ${newest(kind)} limit ${SAMPLE}) r ${where(...matchesOf(query, anchor, kind))}) sample where found >= ${LEAST_IN_SAMPLE}
  ) as ${kind}`;
  return `select ${query.kinds.map(horizon).join(', ')}`;
}

function statement(query: SearchQuery, anchor: Anchor | undefined, horizons: Horizons): string {
  const newestOf = (kind: ContentKind, ...conditions: Condition[]) =>
    // The "+ interval" keeps the planner from walking through all of time until it has found enough.
    `select r.id, r.search, r.reddit_created_at from ${PARTS[kind].table} r ${where(...conditions, ...timesOf(query), ...matchesOf(query, anchor, kind))} order by r.reddit_created_at + interval '0' desc, r.id desc limit :most`;
  // Of common words the newest matches are found by two indexes together, that of words and that of time, without a look
  // at the others. Should there be fewer of them than the sample promised, all of time is looked through after all.
  const newest = (kind: ContentKind) =>
    horizons[kind]
      ? `${kind}_recent as materialized (${newestOf(kind, `r.reddit_created_at >= :${kind}Horizon`)}),
    ${kind}_newest as (
      select * from ${kind}_recent where (select count(*) from ${kind}_recent) >= :most
      union all
      (${newestOf(kind, `(select count(*) from ${kind}_recent) < :most`)})
    )`
      : `${kind}_newest as (${newestOf(kind)})`;
  const ranked = (kind: ContentKind) =>
    `select '${kind}' as kind, id, (extract(epoch from reddit_created_at) * 1000000)::int8 as at, ts_rank_cd(${WEIGHTS}, search, websearch_to_tsquery('english', :q), 1)::float8 as rank from ${kind}_newest`;
  const headline = (text: string, options: string) =>
    `ts_headline('english', translate(left(${text}, ${HEADLINE_CHARACTERS}), '${Object.values(MARKS).join('')}', ''), websearch_to_tsquery('english', :q), 'StartSel=${MARKS.open}, StopSel=${MARKS.close}, ${options}')`;
  return `
    with ${query.kinds.map(newest).join(',')},
    matches as materialized (${query.kinds.map(ranked).join(' union all ')}),
    totals as (select count(*) as total, count(*) filter (where kind = 'post') >= :most or count(*) filter (where kind = 'comment') >= :most as is_capped, numnode(websearch_to_tsquery('english', :q)) = 0 as is_wordless from matches),
    page as (select * from matches ${anchor ? 'where (rank, at, kind, id) < (:rank, :at, :kind, :id)' : ''} order by rank desc, at desc, kind desc, id desc limit :limit + 1)
    select totals.total, totals.is_capped as "isCapped", totals.is_wordless as "isWordless", (extract(epoch from now()) * 1000000)::int8 as "asOf", page.kind, page.id, page.at, page.rank, p.id as "postId", p.title, coalesce(c.subreddit, p.subreddit) as subreddit,
      case page.kind when 'post' then p.author else c.author end as author, coalesce(c.score, p.score) as score, coalesce(c.reddit_created_at, p.reddit_created_at) as "redditCreatedAt",
      p.is_nsfw as "isNsfw", case page.kind when 'post' then p.is_sandbox else c.is_sandbox end as "isSandbox",
      case page.kind when 'post' then ${headline('p.title', 'HighlightAll=true')} end as "markedTitle",
      ${headline("case page.kind when 'post' then coalesce(p.content, '') else c.body end", `MaxFragments=3, MaxWords=30, MinWords=10, FragmentDelimiter=${MARKS.cut}`)} as "markedText"
    from totals left join page on true
      left join reddit_comments c on page.kind = 'comment' and c.id = page.id
      left join reddit_posts p on p.id = case page.kind when 'post' then page.id else c.post_id end
    order by page.rank desc, page.at desc, page.kind desc, page.id desc`;
}

interface FoundRow extends Omit<SearchHit, 'markedTitle' | 'fragments'> {
  markedTitle: string | null;
  markedText: string | null;
  total: number;
  isCapped: boolean;
  isWordless: boolean;
  asOf: number;
  at: number;
}

function knownBindings(query: SearchQuery, anchor: Anchor | undefined): Record<string, unknown> {
  const bindings = {
    ...anchor,
    q: query.q,
    most: MOST_RANKED,
    limit: query.limit,
    subreddits: query.subreddits?.map((name) => name.toLowerCase()),
    author: query.author,
    minScore: query.minScore,
    since: query.since,
    until: query.until,
    nsfw: query.nsfw,
  };
  return Object.fromEntries(Object.entries(bindings).filter(([, value]) => value !== undefined));
}

/** Every mark that opens is closed in the same fragment. */
const readMarked = (marked: string): Fragment =>
  marked
    .split(MARKS.open)
    .flatMap((run, index) => {
      const [text = '', rest] = run.split(MARKS.close);
      return index === 0
        ? [{ text, isMatch: false }]
        : [
            { text, isMatch: true },
            { text: rest ?? '', isMatch: false },
          ];
    })
    .filter(({ text }) => text !== '');

/** Posts and comments together, the best match first, the newest first among equals. What is deleted is not found. */
export async function searchContent(database: Database, query: SearchQuery): Promise<SearchPage> {
  const anchor = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const known = knownBindings(query, anchor);
  const {
    rows: [horizons = {}],
  } = await database.raw<{ rows: Horizons[] }>(horizonsStatement(query, anchor), known as never);
  const { rows } = await database.raw<{ rows: FoundRow[] }>(statement(query, anchor, horizons), {
    ...known,
    postHorizon: horizons.post,
    commentHorizon: horizons.comment,
  } as never);
  const [first] = rows;
  const found = rows.filter(({ id }) => id !== null);
  const { items: hits, nextCursor } = pageOf(found, query.limit, ({ rank, at, kind, id }) =>
    writeCursor({ asOf: anchor?.asOf ?? first?.asOf ?? 0, rank, at, kind, id }),
  );
  return {
    hits: hits.map(
      ({
        total: _total,
        isCapped: _isCapped,
        isWordless: _isWordless,
        asOf: _asOf,
        at: _at,
        markedTitle,
        markedText,
        ...hit
      }) => ({
        ...hit,
        markedTitle: markedTitle === null ? null : readMarked(markedTitle),
        fragments: (markedText ?? '')
          .split(MARKS.cut)
          .filter((text) => text.trim() !== '')
          .map(readMarked),
      }),
    ),
    nextCursor,
    total: first?.total ?? 0,
    isCapped: first?.isCapped ?? false,
    isWordless: first?.isWordless ?? false,
  };
}
