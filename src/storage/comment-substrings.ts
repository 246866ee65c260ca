export interface SubstringQuery {
  text: string;
  /** In any case. */
  subreddits?: string[];
  minScore: number;
  since?: Date;
  limit: number;
}

/** Texts that are common fill an answer from so many of the best comments. */
const WINDOW = 40_000;

/**
 * Ids of the best comments with a text in them. What is common is found among the highest scores; what is not, by the
 * trigram index: "score + 0" keeps the planner from walking through all scores for it.
 */
export function substringMatches({ text, subreddits, minScore, since, limit }: SubstringQuery): { sql: string; bindings: Record<string, unknown> } {
  const matches = ["not r.is_deleted and r.body ilike :pattern escape '\\'", subreddits && 'lower(r.subreddit) = any(cast(:subreddits as text[]))', since && 'r.reddit_created_at >= :since'].filter(Boolean).join(' and ');
  const sql = `
    with best as materialized (
      select r.id from (select * from reddit_comments where score >= :minScore order by score desc limit ${WINDOW}) r where ${matches} order by r.score desc, r.reddit_created_at desc, r.id desc limit :limit
    )
    select id from best where (select count(*) from best) >= :limit
    union all
    (select r.id from reddit_comments r where (select count(*) from best) < :limit and r.score >= :minScore and ${matches} order by r.score + 0 desc, r.reddit_created_at desc, r.id desc limit :limit)`;
  const bindings = { pattern: `%${text.replace(/[\\%_]/g, '\\$&')}%`, minScore, limit, ...(subreddits && { subreddits: subreddits.map((name) => name.toLowerCase()) }), ...(since && { since }) };
  return { sql, bindings };
}
