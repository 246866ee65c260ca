import type { Knex } from 'knex';

/**
 * Posts and comments have a language, by which their words are stemmed besides being found as before. Null: not found
 * out yet; the worker fills such rows in batches.
 *
 * PostgreSQL rewrites both tables, and makes the indexes of words again: reads and writes of content wait meanwhile,
 * some minutes for a million rows, and the disk holds both copies.
 */
export async function up(knex: Knex): Promise<void> {
  for (const table of ['reddit_posts', 'reddit_comments']) {
    await knex.raw(`alter table ${table} drop column search`);
    await knex.raw(`alter table ${table} add column language text
      check (language in ('simple', ${[...BASE, ...Object.keys(SCRIPTS)].map((name) => `'${name}'`).join(', ')}))`);
  }
  await knex.raw('drop function reddit_search_query(text)');
  await knex.raw('drop function reddit_search_text(text, boolean)');
  // Nested calls name the schema: pg_restore fills generated columns with an empty search path.
  const found = await knex.raw<{ rows: { schema: string }[] }>('select quote_ident(current_schema()) as schema');
  const schema = found.rows[0]?.schema ?? 'public';
  // Knex takes a question mark for a binding.
  for (const definition of [SEARCH_VECTOR, SEARCH_QUERY])
    await knex.raw(definition.replaceAll(/\b(reddit_search_\w+)\(/g, `${schema}.$1(`).replaceAll('?', '\\?'));
  for (const [table, expression] of [
    [
      'reddit_posts',
      "setweight(reddit_search_vector(title, language), 'A') || reddit_search_vector(coalesce(content, ''), language)",
    ],
    ['reddit_comments', 'reddit_search_vector(body, language)'],
  ] as const) {
    await knex.raw(`alter table ${table} add column search tsvector generated always as (${expression}) stored`);
    await knex.raw(`create index ${table}_search on ${table} using gin (search)`);
    await knex.raw(`create index ${table}_no_language on ${table} (id) where language is null`);
    // Which languages there are: a search looks for the stems of those only.
    await knex.raw(`create index ${table}_language on ${table} (language)
      where language not in ('simple', 'english', 'russian')`);
  }
  // The languages of subreddits that the stored rows follow, in lower case. The worker compares them with its setting.
  await knex.schema.createTable('reddit_language_settings', (table) => {
    table.text('subreddit').primary();
    table.text('language').notNullable();
  });
}

/** All texts are stemmed by these: English for words of ASCII letters, Russian for Cyrillic ones. */
const BASE = ['english', 'russian'];

const LATIN = 'a-zA-ZÀ-ɏ';
/** The configurations that PostgreSQL has since version 15, with the letters of their words. */
const SCRIPTS: Record<string, string> = {
  ...Object.fromEntries(
    'basque catalan danish dutch finnish french german hungarian indonesian irish italian lithuanian norwegian'
      .concat(' portuguese romanian spanish swedish turkish')
      .split(' ')
      .map((name) => [name, LATIN]),
  ),
  serbian: `${LATIN}Ѐ-ӿ`,
  arabic: '\u0621-\u06d3',
  armenian: 'Ա-և',
  greek: '\u0370-\u03ff\u1f00-\u1fff',
  hindi: '\u0900-\u097f',
  nepali: '\u0900-\u097f',
  tamil: '\u0b80-\u0bff',
  yiddish: 'א-ת',
};

const CJK =
  '\u3005\u3006\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf' +
  '\u4e00-\u9fff\uac00-\ud7a3\u{20000}-\u{323af}';
/** Thai, Lao, Burmese and Khmer have no blanks between words either. */
const SPACELESS =
  '\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e81-\u0ece\u0ed0-\u0ed9\u0edc-\u0edf\u1000-\u1049\u1050-\u109d' +
  '\u1780-\u17d3\u17dc\u17dd\u17e0-\u17e9';
const SPACELESS_CODES = 'x(?:e[0-9a-d][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f])';
/** Letters in every locale. What has a compatible or decomposed form was folded before. */
const LETTERS = 'a-zA-Z0-9À-ÖØ-öø-ʯͰͱͲͳͶͷͻ-ͽͿΆΈ-ϵϷ-ϿЀ-ҁҊ-ԯԱ-Ֆա-ևა-ჺ';
/** Letters in every locale too. They are written by their code, unless they are to be stemmed. */
const STEMMED_LETTERS = '\u0621-\u063a\u0641-\u064a\u0671-\u06d3\u06d5א-ת';
const MARKS = '\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0640';
const INDIC = '\u0900-\u0963\u0966-\u097f\u0b80-\u0bef';
const EMOJI = '\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\u{1f000}-\u{1faff}';

const SEARCH_VECTOR = `
  create function reddit_search_vector(source text, language text) returns tsvector
  language plpgsql immutable parallel safe as $function$
  declare words tsvector := to_tsvector('pg_catalog.russian', reddit_search_text(source, false, false));
  begin
    if language is null or language in ('simple', 'english', 'russian') then return words; end if;
    return cast(concat_ws(' ', words, reddit_search_stems(source, language)) as tsvector);
  end
  $function$`;

/**
 * In the syntax of search engines. Typographic quotation marks are those of a phrase. A run of characters without
 * blanks is a phrase of pairs, and a single character of it finds the pairs that it begins. Every other word is also
 * looked for by its stems in the given languages. Of a query in a language, its stop words are left out; a phrase keeps
 * them.
 */
const SEARCH_QUERY = `
  create function reddit_search_query(source text, languages text[], of_language text)
  returns tsquery
  language plpgsql immutable parallel safe as $function$
  declare
    query tsquery;
    word text;
    words text[];
    found text[];
    stems text;
    stop_words text;
  begin
    source := normalize(translate(source, '\u201c\u201d\u201e\u00ab\u00bb', '"""""'), nfc);
    -- Dashes of a rule exclude nothing, and hundreds of them are too much for the parser.
    source := regexp_replace(source, '-[-\\s]*-', ' ', 'g');
    words := array(select distinct matched[1] from regexp_matches(
      source, '[${LETTERS}${STEMMED_LETTERS}${MARKS}${INDIC}Ḁ-ỿἀ-῿]{1,100}', 'g'
    ) as matched);
    if of_language is not null and of_language not in ('simple', 'english', 'russian') then
      languages := array[of_language];
      select string_agg(each, '|') into stop_words from unnest(words) as each
        where lower(each) <> 'or' and each ~ '[^0-9]' and length(reddit_search_stems(each, of_language)) = 0;
    end if;
    select string_agg(case when place % 2 = 0 then part else
        regexp_replace(
          case when stop_words is null then part else regexp_replace(
            part, '(^|[\\s(])-?(' || stop_words || ')(?=$|[\\s).,;:!?])', '\\1', 'g'
          ) end,
          '([${CJK}${SPACELESS}]+)|(?<=-)([${EMOJI}])', '"\\1\\2"', 'g'
        )
      end, '"' order by place)
      into source from unnest(string_to_array(source, '"')) with ordinality as parts (part, place);
    query := websearch_to_tsquery('pg_catalog.russian', reddit_search_text(source, true, false));
    foreach word in array words loop
      found := tsvector_to_array(to_tsvector('pg_catalog.russian', reddit_search_text(word, true, false)));
      continue when cardinality(found) <> 1;
      select string_agg(distinct quote_literal(lexeme), ' | ') into stems
        from unnest(languages) as name, unnest(reddit_search_stems(word, name))
        where word ~ case name ${Object.entries(SCRIPTS)
          .map(([name, letters]) => `when '${name}' then '[${letters}]'`)
          .join(' ')} else '^$' end;
      continue when stems is null;
      query := ts_rewrite(
        query, cast(quote_literal(found[1]) as tsquery), cast(quote_literal(found[1]) || ' | ' || stems as tsquery)
      );
    end loop;
    return cast(regexp_replace(
      cast(query as text), '''([${CJK}]|${SPACELESS_CODES})''', '''\\1'':*', 'g'
    ) as tsquery);
  end
  $function$`;

export const down = undefined;
