import { createLanguageTeller } from './content-language';
import { changedRows, rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { SubredditLanguages } from '../../shared/content-languages';

const TABLES = {
  reddit_posts: "concat_ws(E'\\n', title, content)",
  reddit_comments: 'body',
};
type Table = keyof typeof TABLES;

interface Change {
  subreddit: string;
  /** Null: none was set, or none is set any more. */
  before: string | null;
  after: string | null;
}

/** Rows are locked in the order of their ids, as scrapes do. */
const FORGET = (table: Table) => `
  update ${table} set language = null where id in (
    select id from ${table}
    where lower(subreddit) = :subreddit and language is not null
      and case when cast(:after as text) is null then language = :before else language <> :after end
    order by id limit :limit for no key update
  )`;

const WRITE = (table: Table) => `
  with held as materialized (
    select id from ${table} where id = any(cast(:ids as text[])) and language is null order by id for no key update
  )
  update ${table} r set language = given.language
  from held join unnest(cast(:ids as text[]), cast(:languages as text[])) as given (id, language) using (id)
  where r.id = held.id`;

/** Keeps the languages of stored content in step with what is set, and finds out those that are not known. */
export function createContentLanguageRepository(database: Database, languages: SubredditLanguages) {
  async function firstChange(): Promise<Change | undefined> {
    const [change] = await rows<Change>(
      database,
      `select coalesce(stored.subreddit, given.subreddit) as subreddit,
         stored.language as before, given.language as after
       from reddit_language_settings stored
       full join unnest(cast(:subreddits as text[]), cast(:languages as text[])) as given (subreddit, language)
         on stored.subreddit = given.subreddit
       where stored.language is distinct from given.language order by 1 limit 1`,
      { subreddits: [...languages.keys()], languages: [...languages.values()] },
    );
    return change;
  }

  async function fillTable(table: Table, limit: number): Promise<number> {
    const found = await rows<{ id: string; subreddit: string; text: string }>(
      database,
      `select id, subreddit, left(${TABLES[table]}, 2000) as text from ${table}
       where language is null order by id limit :limit`,
      { limit },
    );
    if (found.length === 0) return 0;
    const tell = await createLanguageTeller(languages);
    return changedRows(database, WRITE(table), {
      ids: found.map(({ id }) => id),
      languages: found.map(({ subreddit, text }) => tell(subreddit, text)),
    });
  }

  return {
    /**
     * Forgets languages that follow an older setting, of at most `limit` posts and comments each. Returns how many; 0
     * once none is left.
     */
    async forgetOutdated(limit: number): Promise<number> {
      for (let change = await firstChange(); change; change = await firstChange()) {
        const forgotten = await Promise.all(
          (['reddit_posts', 'reddit_comments'] as const).map((table) =>
            changedRows(database, FORGET(table), { ...change, limit }),
          ),
        );
        const count = forgotten.reduce((sum, each) => sum + each, 0);
        if (count > 0) return count;
        await rows(
          database,
          change.after === null
            ? 'delete from reddit_language_settings where subreddit = :subreddit'
            : `insert into reddit_language_settings (subreddit, language) values (:subreddit, :after)
               on conflict (subreddit) do update set language = excluded.language`,
          { subreddit: change.subreddit, ...(change.after !== null && { after: change.after }) },
        );
      }
      return 0;
    },

    /** Writes the languages of at most `limit` posts and comments each. Returns how many; 0 once all are known. */
    async fill(limit: number): Promise<number> {
      return (await fillTable('reddit_posts', limit)) + (await fillTable('reddit_comments', limit));
    },
  };
}
