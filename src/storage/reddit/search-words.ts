import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';
import type { ContentLanguage } from '../../shared/content-languages';

/** What a search looks for, as PostgreSQL reads it. */
export interface SearchWords {
  /** A tsquery, as text. */
  tsquery: string;
  /** Those by whose stems words are looked for. */
  languages: ContentLanguage[];
  /** For texts of each of these languages, and for all others, tsqueries without the stems of other languages. */
  tsqueries: string[];
  restTsquery: string;
  /** There is no searchable word: only stop words, or none. */
  isWordless: boolean;
}

/**
 * The most alternatives of a tsquery. Of queries with more words, words are stemmed as English and Russian only:
 * PostgreSQL reads all rows for a long list of alternatives, and takes seconds to compare each with all of them.
 */
const MOST_ALTERNATIVES = { and: 400, or: 100 };
const mostLanguages = (q: string) => {
  const words = q.match(/[\p{L}\p{N}\p{M}]+/gu)?.length ?? 1;
  return Math.floor(MOST_ALTERNATIVES[/\sor\s/i.test(q) ? 'or' : 'and'] / words);
};

/** As the indexes of the migration have it. All content is stemmed as English and Russian. */
const IS_STEMMED = "language not in ('simple', 'english', 'russian')";
const nextLanguage = (after: string) => `
  least(
    (select min(language) from reddit_posts where ${IS_STEMMED} ${after}),
    (select min(language) from reddit_comments where ${IS_STEMMED} ${after})
  )`;

const PARTS = `
  array(
    select cast(reddit_search_query(:q, array[language], null) as text)
    from unnest(languages) with ordinality as each (language, place) order by place
  ) as tsqueries,
  cast(reddit_search_query(:q, '{}', null) as text) as "restTsquery"`;

const WHOLE = 'array[cast(query as text)] as tsqueries, cast(query as text) as "restTsquery"';

/**
 * The tsquery for a row `r` by its language: a tsquery with the stems of many languages takes long to compare. No index
 * can be used for it. Its bindings are `query0`, `query1` … and `restQuery`.
 */
export function tsqueryOfRow({ languages }: SearchWords): string {
  if (languages.length === 0) return 'cast(:restQuery as tsquery)';
  const cases = languages.map((language, n) => `when '${language}' then cast(:query${n} as tsquery)`);
  // Most texts are English: the first case is theirs.
  return `case r.language when 'english' then cast(:restQuery as tsquery) ${cases.join(' ')}
    else cast(:restQuery as tsquery) end`;
}
export const tsqueryBindings = ({ tsqueries, restTsquery }: SearchWords): Record<string, string> => ({
  restQuery: restTsquery,
  ...Object.fromEntries(tsqueries.map((tsquery, n) => [`query${n}`, tsquery])),
});

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
    select case when count(language) > ${mostLanguages(q)} then '{}'
      else coalesce(array_agg(language) filter (where language is not null), '{}') end as languages from present`;
  const [words] = await rows<SearchWords>(
    database,
    `with content as (${language === undefined ? present : 'select array[cast(:language as text)] as languages'}),
     words as materialized (
       select languages, reddit_search_query(:q, languages, ${language === undefined ? 'null' : ':language'}) as query
       from content
     )
     select cast(query as text) as tsquery, languages, numnode(query) = 0 as "isWordless",
       ${language === undefined ? PARTS : WHOLE}
     from words`,
    { q: q.replaceAll('\0', ''), ...(language !== undefined && { language }) },
  );
  return words ?? { tsquery: '', languages: [], tsqueries: [], restTsquery: '', isWordless: true };
}
