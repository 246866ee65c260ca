import type { ExportFilters, ExportSelection, ExportSource } from '../../tasks/ports/exports';

export type ColumnKind = 'text' | 'integer' | 'real' | 'boolean' | 'timestamp' | 'json';
export interface ExportColumn {
  name: string;
  kind: ColumnKind;
  isNullable: boolean;
}

interface Source {
  from: string;
  /** The column of the date range. Rows are ordered by it, then by `id`. */
  moment: string;
  id: string;
  columns: readonly (ExportColumn & { sql: string })[];
  filters: { [Name in keyof ExportFilters]?: string };
}

/**
 * Reads lines such as `score integer` and `author text?`. A question mark marks a nullable column. What follows the
 * type is the column's SQL, where that is not its name.
 */
function columns(table: string, ...lines: string[]): Source['columns'] {
  return lines.map((line) => {
    const [, name = '', kind = '', question, sql] = /^(\w+) (\w+)(\?)?(?: (.+))?$/.exec(line) ?? [];
    const value = sql ?? `${table}.${name}`;
    return {
      name,
      kind: kind as ColumnKind,
      isNullable: question !== undefined,
      // As text, because JSON.parse would change large numbers.
      sql: kind === 'json' ? `${value}::text` : value,
    };
  });
}

const SOURCES: Record<ExportSource, Source> = {
  posts: {
    from: 'reddit_posts p',
    moment: 'p.reddit_created_at',
    id: 'p.id',
    columns: columns(
      'p',
      'id text',
      'title text',
      'author text?',
      'subreddit text',
      'subreddit_subscribers integer?',
      'content text?',
      'url text?',
      'domain text?',
      'media json?',
      'score integer',
      'is_score_hidden boolean',
      'upvote_ratio real?',
      'num_comments integer',
      'flair_text text?',
      'is_self boolean',
      'is_nsfw boolean',
      'is_spoiler boolean',
      'is_deleted boolean',
      'is_sandbox boolean',
      'edited_at timestamp?',
      'reddit_created_at timestamp',
      'first_seen_at timestamp',
      'scraped_at timestamp',
    ),
    filters: { subreddits: 'lower(p.subreddit) = any(?)', authors: 'p.author = any(?)', min_score: 'p.score >= ?' },
  },
  comments: {
    from: 'reddit_comments c',
    moment: 'c.reddit_created_at',
    id: 'c.id',
    columns: columns(
      'c',
      'id text',
      'post_id text',
      'parent_id text?',
      'author text?',
      'body text',
      'subreddit text',
      'depth integer',
      'is_submitter boolean',
      'score integer',
      'is_score_hidden boolean',
      'controversiality integer',
      'is_deleted boolean',
      'is_sandbox boolean',
      'edited_at timestamp?',
      'reddit_created_at timestamp',
      'first_seen_at timestamp',
      'scraped_at timestamp',
    ),
    filters: {
      subreddits: 'lower(c.subreddit) = any(?)',
      authors: 'c.author = any(?)',
      min_score: 'c.score >= ?',
      post_ids: 'c.post_id = any(?)',
    },
  },
  executions: {
    from: 'task_executions e left join task_configs k on k.id = e.config_id',
    moment: 'e.started_at',
    id: 'e.id',
    columns: columns(
      'e',
      'id integer',
      'task_id text',
      'config_id integer?',
      'config_name text? coalesce(k.name, e.config_name)',
      'task_type text? coalesce(e.task_type, k.task_type)',
      'status text',
      'triggered_by text',
      'requested_by integer?',
      'retry_of integer?',
      'parameters json',
      'max_retries integer',
      'timeout_seconds integer?',
      'priority integer',
      'workflow_id text',
      'run_id text',
      'attempt integer',
      'started_at timestamp',
      'completed_at timestamp?',
      'duration_seconds real?',
      'result json?',
      'error_message text?',
      'created_at timestamp',
    ),
    filters: {
      statuses: 'e.status = any(?)',
      task_types: 'coalesce(e.task_type, k.task_type) = any(?)',
      config_ids: 'e.config_id = any(?)',
    },
  },
  configs: {
    from: 'task_configs k',
    moment: 'k.created_at',
    id: 'k.id',
    columns: columns(
      'k',
      'id integer',
      'name text',
      'description text?',
      'task_type text',
      'scheduler_type text',
      'parameters json',
      'schedule_config json',
      'max_retries integer',
      'timeout_seconds integer?',
      'priority integer',
      'schedule_status text',
      'schedule_error text?',
      'created_at timestamp',
      'updated_at timestamp?',
    ),
    filters: {
      statuses: 'k.schedule_status = any(?)',
      task_types: 'k.task_type = any(?)',
      config_ids: 'k.id = any(?)',
    },
  },
};

export const columnsOf = (source: ExportSource): readonly ExportColumn[] =>
  SOURCES[source].columns.map(({ name, kind, isNullable }) => ({ name, kind, isNullable }));

/** The statement that selects the rows in order, the one that counts them, and the values of both. */
export function selectRows({ source, from, to, filters }: ExportSelection): {
  rows: string;
  count: string;
  values: unknown[];
} {
  const { from: tables, moment, id, columns: list, filters: known } = SOURCES[source];
  const conditions: [string, unknown][] = Object.entries(filters).flatMap(([name, value]) => {
    const sql = known[name as keyof ExportFilters];
    return sql === undefined || value === undefined ? [] : [[sql, value] as [string, unknown]];
  });
  if (from) conditions.push([`${moment} >= ?`, from]);
  if (to) conditions.push([`${moment} < ?`, to]);
  const where =
    conditions.length === 0
      ? ''
      : ` where ${conditions.map(([sql], index) => sql.replace('?', `$${index + 1}`)).join(' and ')}`;
  const selected = list.map((column) => `${column.sql} as "${column.name}"`).join(', ');
  return {
    rows: `select ${selected} from ${tables}${where} order by ${moment}, ${id}`,
    count: `select count(*) from ${tables}${where}`,
    values: conditions.map(([, value]) => value),
  };
}
