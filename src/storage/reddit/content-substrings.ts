import { containing } from '../sql/like-patterns';
import { rows, type Bindings } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';

export interface SubstringQuery {
  text: string;
  /** In any case. */
  subreddits?: string[];
  minScore: number;
  since?: Date;
  limit: number;
}

const CONTAINS = {
  reddit_comments: "r.body ilike :pattern escape '\\'",
  reddit_posts: "(r.title ilike :pattern escape '\\' or r.content ilike :pattern escape '\\')",
};

/** How common a text is, is estimated from this many of the best rows. */
const SAMPLE = 2_000;
/**
 * A common text fills an answer from this many of the best rows. Those with a rare text are fewer.
 */
const WIDEST_WINDOW = 20_000;
/** Factor by which more rows are read than the estimate says. */
const SPARE = 1.5;

/**
 * Statement for the ids of the best posts or comments with a text in them. A common text is found among the highest
 * scores, a rare one by the trigram index: "score + 0" keeps the planner from walking through all scores for it.
 */
export async function substringMatches(
  database: Database,
  table: keyof typeof CONTAINS,
  { text, subreddits, minScore, since, limit }: SubstringQuery,
): Promise<{ sql: string; bindings: Bindings }> {
  const matches = [
    `not r.is_deleted and ${CONTAINS[table]}`,
    subreddits && 'lower(r.subreddit) = any(cast(:subreddits as text[]))',
    since && 'r.reddit_created_at >= :since',
  ]
    .filter(Boolean)
    .join(' and ');
  const bindings = {
    pattern: containing(text),
    minScore,
    limit,
    ...(subreddits && { subreddits: subreddits.map((name) => name.toLowerCase()) }),
    ...(since && { since }),
  };
  const best = (count: number) =>
    `(select * from ${table} where score >= :minScore order by score desc limit ${count}) r where ${matches}`;
  const [sample] = await rows<{ found: number }>(database, `select count(*) as found from ${best(SAMPLE)}`, bindings);
  const wanted = Math.ceil((limit * SAMPLE * SPARE) / (sample?.found ?? 0));
  const window = wanted <= WIDEST_WINDOW ? wanted : 0;
  const sql = `
    with best as materialized (
      select r.id from ${best(window)} order by r.score desc, r.reddit_created_at desc, r.id desc limit :limit
    )
    select id from best where (select count(*) from best) >= :limit
    union all
    (
      select r.id from ${table} r
      where (select count(*) from best) < :limit and r.score >= :minScore and ${matches}
      order by r.score + 0 desc, r.reddit_created_at desc, r.id desc limit :limit
    )`;
  return { sql, bindings };
}
