import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { ContentLanguage } from '../../shared/content-languages';

/** What a search looks for, as PostgreSQL reads it. */
export interface SearchWords {
  /** A tsquery, as text. */
  tsquery: string;
  /** Those by whose stems words are looked for. */
  languages: string[];
  /** There is no searchable word: only stop words, or none. */
  isWordless: boolean;
}

/** As the indexes of the migration have it. All content is stemmed as English and Russian. */
const IS_STEMMED = "language not in ('simple', 'english', 'russian')";
const nextLanguage = (after: string) => `
  least(
    (select min(language) from reddit_posts where ${IS_STEMMED} ${after}),
    (select min(language) from reddit_comments where ${IS_STEMMED} ${after})
  )`;

/**
 * A query in the syntax of search engines. Without a language its words are stemmed in every language of the content.
 */
export async function readSearchWords(database: Database, q: string, language?: ContentLanguage): Promise<SearchWords> {
  const present = `
    with recursive present as (
      select ${nextLanguage('')} as language
      union all
      select ${nextLanguage('and language > present.language')} from present where present.language is not null
    )
    select coalesce(array_agg(language) filter (where language is not null), '{}') as languages from present`;
  const [words] = await rows<SearchWords>(
    database,
    `with content as (${language === undefined ? present : 'select array[cast(:language as text)] as languages'}),
     words as materialized (
       select languages, reddit_search_query(:q, languages, ${language === undefined ? 'null' : ':language'}) as query
       from content
     )
     select query::text as tsquery, languages, numnode(query) = 0 as "isWordless" from words`,
    { q: q.replaceAll('\0', ''), ...(language !== undefined && { language }) },
  );
  return words ?? { tsquery: '', languages: [], isWordless: true };
}
