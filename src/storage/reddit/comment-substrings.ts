import type { Database } from '../../platform/postgres/postgres';

export interface SubstringQuery {
  text: string;
  /** In any case. */
  subreddits?: string[];
  minScore: number;
  since?: Date;
  limit: number;
}

/** How common a text is, is learned from so many of the best comments. */
const SAMPLE = 2_000;
/** Texts that are common fill an answer from so many of the best comments; those of others are fewer than it takes to read them. */
const WIDEST_WINDOW = 20_000;
/** Rows looked through beyond those that should do. */
const SPARE = 1.5;

/**
 * Ids of the best comments with a text in them. What is common is found among the highest scores; what is not, by the
 * trigram index: "score + 0" keeps the planner from walking through all scores for it.
 */
export async function substringMatches(
  database: Database,
  { text, subreddits, minScore, since, limit }: SubstringQuery,
): Promise<{ sql: string; bindings: Record<string, unknown> }> {
  const matches = [
    "not r.is_deleted and r.body ilike :pattern escape '\\'",
    subreddits && 'lower(r.subreddit) = any(cast(:subreddits as text[]))',
    since && 'r.reddit_created_at >= :since',
  ]
    .filter(Boolean)
    .join(' and ');
  const bindings = {
    pattern: `%${text.replace(/[\\%_]/g, '\\$&')}%`,
    minScore,
    limit,
    ...(subreddits && { subreddits: subreddits.map((name) => name.toLowerCase()) }),
    ...(since && { since }),
  };
  const best = (count: number) =>
    `(select * from reddit_comments where score >= :minScore order by score desc limit ${count}) r where ${matches}`;
  const { rows } = await database.raw<{ rows: { found: number }[] }>(
    `select count(*) as found from ${best(SAMPLE)}`,
    bindings as never,
  );
  const wanted = Math.ceil((limit * SAMPLE * SPARE) / (rows[0]?.found ?? 0));
  const window = wanted <= WIDEST_WINDOW ? wanted : 0;
  const sql = `
    with best as materialized (select r.id from ${best(window)} order by r.score desc, r.reddit_created_at desc, r.id desc limit :limit)
    select id from best where (select count(*) from best) >= :limit
    union all
    (select r.id from reddit_comments r where (select count(*) from best) < :limit and r.score >= :minScore and ${matches} order by r.score + 0 desc, r.reddit_created_at desc, r.id desc limit :limit)`;
  return { sql, bindings };
}
