import { repeatOnConflict } from '../sql/repeat-on-conflict';
import { rows, type Bindings } from '../sql/rows';
import { toJson, withoutNul } from '../sql/storable-json';
import type { LanguageTeller } from './content-language';
import type { Database } from '../../platform/postgres/postgres';
import type { RedditComment, RedditPost } from '../../platform/reddit/reddit-client';
import type { UpsertCounts, UpsertOptions } from '../../tasks/ports/content-store';

/** One column of an upsert: its PostgreSQL type (a varchar cuts what is too long) and where its value comes from. */
interface Column<Item> {
  name: string;
  /** Kept as it is stored when Reddit hides the item from the asker. */
  isWording?: boolean;
  type: string;
  /** Follows from other columns: a row is not written because of it. */
  isDerived?: boolean;
  value(item: Item, tellLanguage: LanguageTeller): string | number | boolean | Date | null;
}
export interface UpsertTarget<Item> {
  table: 'reddit_posts' | 'reddit_comments';
  /** `id` is not among them. */
  columns: Column<Item>[];
  /** Rows whose parent is gone, or goes meanwhile, are left out, and counted nowhere. */
  parent?: { table: string; column: string };
  /** Columns whose values are also kept over time, a row whenever one of them changed. */
  snapshots?: { table: string; key: string; columns: string[] };
}

const languageOf = <Item extends { subreddit: string }>(textOf: (item: Item) => string): Column<Item> => ({
  name: 'language',
  isWording: true,
  isDerived: true,
  type: 'text',
  value: (item, tellLanguage) => tellLanguage(item.subreddit, textOf(item)),
});

export const POSTS: UpsertTarget<RedditPost> = {
  table: 'reddit_posts',
  snapshots: { table: 'reddit_post_snapshots', key: 'post_id', columns: ['score', 'upvote_ratio', 'num_comments'] },
  columns: [
    { name: 'title', isWording: true, type: 'text', value: (post) => post.title },
    { name: 'author', isWording: true, type: 'varchar(100)', value: (post) => post.author },
    { name: 'subreddit', type: 'varchar(100)', value: (post) => post.subreddit },
    { name: 'subreddit_subscribers', type: 'int', value: (post) => post.subredditSubscribers },
    { name: 'content', isWording: true, type: 'text', value: (post) => post.content },
    { name: 'url', isWording: true, type: 'text', value: (post) => post.url },
    { name: 'domain', isWording: true, type: 'varchar(200)', value: (post) => post.domain },
    { name: 'media', isWording: true, type: 'jsonb', value: (post) => toJson(post.media) },
    { name: 'score', type: 'int', value: (post) => post.score },
    { name: 'is_score_hidden', type: 'bool', value: (post) => post.isScoreHidden ?? false },
    { name: 'upvote_ratio', type: 'numeric(4,3)', value: (post) => post.upvoteRatio },
    { name: 'num_comments', type: 'int', value: (post) => post.numComments },
    { name: 'flair_text', isWording: true, type: 'varchar(200)', value: (post) => post.flairText },
    { name: 'is_self', type: 'bool', value: (post) => post.isSelf },
    { name: 'is_nsfw', type: 'bool', value: (post) => post.isNsfw },
    { name: 'is_spoiler', type: 'bool', value: (post) => post.isSpoiler },
    { name: 'is_deleted', isWording: true, type: 'bool', value: (post) => post.isDeleted },
    { name: 'edited_at', isWording: true, type: 'timestamptz', value: (post) => post.editedAt },
    { name: 'reddit_created_at', type: 'timestamptz', value: (post) => post.createdAt },
    languageOf((post) => `${post.title}\n${post.content ?? ''}`),
  ],
};

export const COMMENTS: UpsertTarget<RedditComment> = {
  table: 'reddit_comments',
  parent: { table: 'reddit_posts', column: 'post_id' },
  columns: [
    { name: 'post_id', type: 'varchar(50)', value: (comment) => comment.postId },
    { name: 'author', isWording: true, type: 'varchar(100)', value: (comment) => comment.author },
    { name: 'body', isWording: true, type: 'text', value: (comment) => comment.body },
    { name: 'subreddit', type: 'varchar(100)', value: (comment) => comment.subreddit },
    { name: 'parent_id', type: 'varchar(50)', value: (comment) => comment.parentId },
    { name: 'depth', type: 'int', value: (comment) => comment.depth },
    { name: 'is_submitter', isWording: true, type: 'bool', value: (comment) => comment.isSubmitter },
    { name: 'score', type: 'int', value: (comment) => comment.score },
    { name: 'is_score_hidden', type: 'bool', value: (comment) => comment.isScoreHidden ?? false },
    { name: 'controversiality', type: 'int', value: (comment) => comment.controversiality },
    { name: 'is_deleted', isWording: true, type: 'bool', value: (comment) => comment.isDeleted },
    { name: 'edited_at', isWording: true, type: 'timestamptz', value: (comment) => comment.editedAt },
    { name: 'reddit_created_at', type: 'timestamptz', value: (comment) => comment.createdAt },
    languageOf((comment) => comment.body),
  ],
};

type Options = UpsertOptions & { tellLanguage: LanguageTeller };
interface Upserted {
  id: string;
  isUnavailable?: boolean;
}

/**
 * One statement for the whole batch. A row is written only when one of its columns differs. Counts follow from the
 * row's own times and not from what this statement did, so that a retry that repeats a batch returns the same counts.
 */
export async function upsert<Item extends Upserted>(
  database: Database,
  target: UpsertTarget<Item>,
  given: Item[],
  options: Options,
): Promise<UpsertCounts> {
  const noCounts = { created: 0, updated: 0, unchanged: 0 };
  const items = [...new Map(given.map((item) => [item.id, item])).values()];
  if (items.length === 0) return noCounts;
  try {
    const statement = statementFor(
      target,
      items.some(({ isUnavailable }) => isUnavailable),
    );
    const bindings = bindingsOf(target, items, options);
    const [counts] = await repeatOnConflict(() => rows<UpsertCounts>(database, statement, bindings));
    return counts ?? noCounts;
  } catch (error) {
    if (!isOfData(error)) throw error;
    return upsertHalves(database, target, items, options);
  }
}

/** One item with a value that cannot be stored costs that item only: the batch is halved until it stands alone. */
async function upsertHalves<Item extends Upserted>(
  database: Database,
  target: UpsertTarget<Item>,
  items: Item[],
  options: Options,
): Promise<UpsertCounts> {
  const [only, ...others] = items;
  if (only && others.length === 0) return { created: 0, updated: 0, unchanged: 0, refused: [only.id] };
  const middle = Math.ceil(items.length / 2);
  const first = await upsert(database, target, items.slice(0, middle), options);
  const second = await upsert(database, target, items.slice(middle), options);
  return {
    created: first.created + second.created,
    updated: first.updated + second.updated,
    unchanged: first.unchanged + second.unchanged,
    refused: [...(first.refused ?? []), ...(second.refused ?? [])],
  };
}

/** PostgreSQL's classes "data exception" and "program limit exceeded", and violated checks. */
const isOfData = (error: unknown) => /^(22...|54...|23502|23514)$/.test(String((error as { code?: unknown }).code));

function bindingsOf<Item extends Upserted>(
  { columns }: UpsertTarget<Item>,
  items: Item[],
  { runStartedAt, isSandbox, tellLanguage }: Options,
): Bindings {
  const bindings: Bindings = { id: items.map((item) => storable(item.id)), runStartedAt, isSandbox };
  bindings.unavailable = items.filter(({ isUnavailable }) => isUnavailable).map(({ id }) => storable(id));
  for (const column of columns) bindings[column.name] = items.map((item) => storable(column.value(item, tellLanguage)));
  return bindings;
}

interface SnapshotParts {
  before: string;
  after: string;
  returned: string;
}

/**
 * Parts of the statement that write snapshots: the rows as they were before it, and those of them that changed. A row
 * that another transaction deletes while the statement waits for it is inserted anew, and its history begins anew.
 */
function snapshotParts({ table, snapshots }: Pick<UpsertTarget<never>, 'table' | 'snapshots'>): SnapshotParts {
  if (!snapshots) return { before: '', after: '', returned: '' };
  const names = snapshots.columns.join(', ');
  const list = (source: string) => snapshots.columns.map((column) => `${source}.${column}`).join(', ');
  return {
    before: `
    before as materialized (
      select id, ${names} from ${table} where id = any(cast(:id as varchar(50)[]))
    ),`,
    returned: `, ${names}`,
    after: `
    noted as (
      insert into ${snapshots.table} (${snapshots.key}, taken_at, ${names})
      select touched.id, touched.scraped_at, ${list('touched')} from touched left join before using (id)
      where before.id is null or (${list('before')}) is distinct from (${list('touched')})
        or touched.first_seen_at = touched.scraped_at
      on conflict do nothing
    ),`,
  };
}

/**
 * Locked parents stay until the commit. Rows are locked in the order of their ids, so that two runs never wait for each
 * other in a circle.
 */
const parentsPart = ({ table, column }: NonNullable<UpsertTarget<never>['parent']>) => `
    parents as materialized (
      select id from ${table} where id = any(cast(:${column} as varchar[])) order by id for key share
    ),`;

/** The given rows; of items that Reddit hides from the asker with the wording that is stored, where there is one. */
function givenPart<Item>({ table, columns }: UpsertTarget<Item>, arrays: string[], hasUnavailable: boolean): string {
  const list = columns.map(({ name }) => name).join(', ');
  const told = `as (select * from unnest(${arrays.join(', ')}))`;
  if (!hasUnavailable) return `given (id, ${list}) ${told}`;
  const kept = columns.map(({ name, isWording }) =>
    isWording ? `case when kept.id is null then told.${name} else kept.${name} end as ${name}` : `told.${name}`,
  );
  return `told (id, ${list}) ${told},
    given as (
      select told.id, ${kept.join(', ')} from told left join ${table} kept
        on kept.id = told.id and kept.id = any(cast(:unavailable as varchar(50)[]))
    )`;
}

function statementFor<Item>(target: UpsertTarget<Item>, hasUnavailable: boolean): string {
  const { table, columns, parent, snapshots } = target;
  const names = columns.map((column) => column.name);
  const list = names.join(', ');
  const compared = [...columns.filter(({ isDerived }) => !isDerived).map(({ name }) => name), 'is_sandbox'];
  const written = [...names, 'is_sandbox', 'scraped_at', 'checked_at'];
  const arrays = [
    'cast(:id as varchar(50)[])',
    ...columns.map((column) => `cast(:${column.name} as ${column.type}[])`),
  ];
  const { before, after, returned } = snapshotParts({ table, snapshots });
  return `
    with ${givenPart(target, arrays, hasUnavailable)},
    ${parent ? parentsPart(parent) : ''}
    ${before}
    input as materialized (
      select *, cast(:isSandbox as bool) as is_sandbox
      from given ${parent ? `where ${parent.column} in (select id from parents)` : ''}
    ),
    touched as (
      insert into ${table} as stored (id, ${list}, is_sandbox, first_seen_at, scraped_at, checked_at)
      select id, ${list}, is_sandbox, clock.at, clock.at, clock.at
      from input, (select greatest(now(), cast(:runStartedAt as timestamptz)) as at) clock order by id
      on conflict (id) do update set ${written.map((name) => `${name} = excluded.${name}`).join(', ')}
      where (${compared.map((name) => `stored.${name}`).join(', ')})
        is distinct from (${compared.map((name) => `excluded.${name}`).join(', ')})
      returning id, first_seen_at, scraped_at${returned}
    ),
    ${after}
    outcome as (
      select
        coalesce(touched.first_seen_at, stored.first_seen_at) >= cast(:runStartedAt as timestamptz) as is_created,
        coalesce(touched.scraped_at, stored.scraped_at) >= cast(:runStartedAt as timestamptz) as is_scraped
      from input left join touched using (id) left join ${table} stored using (id)
    )
    select count(*) filter (where is_created) as created,
      count(*) filter (where is_scraped and not is_created) as updated,
      count(*) filter (where is_scraped is not true) as unchanged
    from outcome`;
}

function storable<Value>(value: Value): Value | string {
  if (typeof value === 'string') return withoutNul(value);
  return value instanceof Date ? value.toISOString() : value;
}
