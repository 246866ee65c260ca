import type { Knex } from 'knex';

/**
 * Searches split texts into words in the same way whatever the locale of the database. PostgreSQL's parser asks the
 * locale which characters are letters: with locale C every character beyond ASCII is one, so that quotation marks are
 * part of words. So the function below leaves nothing but letters that are letters in every locale.
 *
 * The generated columns are made anew, for the rows that are there too. PostgreSQL rewrites both tables for it, and
 * makes the indexes of words again: reads and writes of content wait meanwhile, and the disk holds both copies.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(SEARCH_TEXT);
  await knex.raw(SEARCH_QUERY);
  // Of texts beyond ASCII, the Russian configuration stems Cyrillic words. Words of ASCII letters it stems as English.
  const words = (text: string) => `to_tsvector('pg_catalog.russian', reddit_search_text(${text}, false))`;
  for (const [table, expression] of [
    ['reddit_posts', `setweight(${words('title')}, 'A') || ${words("coalesce(content, '')")}`],
    ['reddit_comments', words('body')],
  ] as const) {
    await knex.raw(`alter table ${table} drop column search`);
    await knex.raw(`alter table ${table} add column search tsvector generated always as (${expression}) stored`);
    await knex.raw(`create index ${table}_search on ${table} using gin (search)`);
  }
  // For POST /reddit/posts/search, as 0005 has it for comments.
  await knex.raw(`do $$ begin
    if exists (select from pg_extension where extname = 'pg_trgm') then
      create index reddit_posts_trigrams on reddit_posts using gin (title gin_trgm_ops, content gin_trgm_ops)
        where not is_deleted;
    end if;
  end $$`);
}

const CJK =
  '\u3005\u3006\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf' +
  '\u4e00-\u9fff\uac00-\ud7a3\u{20000}-\u{323af}';
/** Letters in every locale. What has a compatible or decomposed form was folded before. */
const LETTERS = `a-zA-Z0-9À-ÖØ-öø-ʯͰͱͲͳͶͷͻ-ͽͿΆΈ-ϵϷ-ϿЀ-ҁҊ-ԯԱ-Ֆա-ևა-ჺ${CJK}`;
const SIGNS =
  '\u0080-¿×÷\u02c2-\u02df\u2000-\u206f\u20a0-\u20cf\u2100-\u22ff\u2400-\u24ff\u2500-\u259f\u2e00-\u2e7f' +
  '\u3000-\u3004\u3008-\u3020\u30a0\u30fb\u0589\u058a\u05be\u05c0\u05c3\u05f3\u05f4\u060c\u061b\u061f\u06d4' +
  '\u0964\u0965\ue000-\uf8ff\ufe30-\ufe6f\ufeff\ufffd';
const EMOJI = '\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\u{1f000}-\u{1faff}';

const UPPER = 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁёЂЃЄЅІЇЈЉЊЋЌЎЏҐ';
const LOWER = 'αβγδεζηθικλμνξοπρστυφχψωσабвгдежзийклмнопрстуфхцчшщъыьэюяееђѓєѕіїјљњћќўџґ';

/**
 * A text as it is given to the parser: compatible forms as one, accents of Latin and Greek letters removed, letters in
 * lower case where the locale may not do it, signs as blanks, Chinese, Japanese and Korean in overlapping pairs of
 * characters, each emoji as a word, and the letters of other scripts by their code. A query ends a run of pairs with
 * the last pair, a text with the last character, by which single characters are found.
 */
const SEARCH_TEXT = `
  create function reddit_search_text(source text, is_query boolean) returns text
  language plpgsql immutable strict parallel safe as $function$
  declare
    folded text;
    ligature record;
  begin
    if octet_length(source) = length(source) then return source; end if;
    folded := translate(source, '\u2018\u2019\u02bc', '''''''');
    if folded ~ '[^\\u0001-\\u007f\u2010-\u201f\u2026]' then
      folded := normalize(folded, nfkd);
      folded := regexp_replace(folded, '([a-zA-Zͱ-Ͽ])[\u0300-\u036f]+', '\\1', 'g');
      folded := normalize(folded, nfc);
      folded := translate(folded, 'øØłŁđĐðÐıħĦŧŦ${UPPER}', 'oollddddihhtt${LOWER}');
      for ligature in select * from unnest(
        array['ß', 'ẞ', 'æ', 'Æ', 'œ', 'Œ', 'þ', 'Þ', '⁄'],
        array['ss', 'ss', 'ae', 'ae', 'oe', 'oe', 'th', 'th', ' ']
      ) as ligatures (one, many) loop
        folded := replace(folded, ligature.one, ligature.many);
      end loop;
    end if;
    folded := regexp_replace(folded, '[${SIGNS}]+', ' ', 'g');
    if folded !~ '[^\\u0001-\\u007f${LETTERS.replace(CJK, '')}]' then return folded; end if;
    return (
      select string_agg(
        case
          when at ~ '[\\u0001-\\u007f]' then at
          when at ~ '[${CJK}]' then
            case
              when next ~ '[${CJK}]' then ' ' || at || next || ' '
              when is_query and before ~ '[${CJK}]' then ' '
              else ' ' || at || ' '
            end
          when at ~ '[${LETTERS}]' then at
          when at ~ '[\ufe00-\ufe0f\u{1f3fb}-\u{1f3ff}\u{e0000}-\u{e01ef}]' then ''
          when at ~ '[${EMOJI}]' then ' emoji' || to_hex(ascii(at)) || ' '
          else 'x' || to_hex(ascii(at))
        end, '' order by place)
      from (
        select at, place, lag(at) over (order by place) as before, lead(at) over (order by place) as next
        from unnest(string_to_array(folded, null)) with ordinality as characters (at, place)
      ) as neighbours
    );
  end
  $function$`;

/**
 * In the syntax of search engines. Typographic quotation marks are those of a phrase. A single character of Chinese,
 * Japanese or Korean finds the pairs that it begins.
 */
const SEARCH_QUERY = `
  create function reddit_search_query(source text) returns tsquery
  language plpgsql immutable strict parallel safe as $function$
  declare query text := translate(source, '\u201c\u201d\u201e\u00ab\u00bb', '"""""');
  begin
    query := regexp_replace(query, '-([${CJK}]+|[${EMOJI}])', '-"\\1"', 'g');
    query := websearch_to_tsquery('pg_catalog.russian', reddit_search_text(query, true))::text;
    return regexp_replace(query, '''([${CJK}])''', '''\\1'':*', 'g')::tsquery;
  end
  $function$`;

export const down = undefined;
