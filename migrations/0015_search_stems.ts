import type { Knex } from 'knex';

/**
 * The functions by which texts become words and stems. Words are split in the same way whatever the locale of the
 * database: see 0014.
 */
export async function up(knex: Knex): Promise<void> {
  // Nested calls name the schema: pg_restore fills generated columns with an empty search path.
  const found = await knex.raw<{ rows: { schema: string }[] }>('select quote_ident(current_schema()) as schema');
  const schema = found.rows[0]?.schema ?? 'public';
  // Knex takes a question mark for a binding.
  for (const definition of [SEARCH_TEXT, SEARCH_STEMS])
    await knex.raw(definition.replaceAll(/\b(reddit_search_\w+)\(/g, `${schema}.$1(`).replaceAll('?', '\\?'));
}

const CJK =
  '\u3005\u3006\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf' +
  '\u4e00-\u9fff\uac00-\ud7a3\u{20000}-\u{323af}';
/** Thai, Lao, Burmese and Khmer have no blanks between words either. */
const SPACELESS =
  '\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e81-\u0ece\u0ed0-\u0ed9\u0edc-\u0edf\u1000-\u1049\u1050-\u109d' +
  '\u1780-\u17d3\u17dc\u17dd\u17e0-\u17e9';
/** Letters in every locale. What has a compatible or decomposed form was folded before. */
const LETTERS = 'a-zA-Z0-9À-ÖØ-öø-ʯͰͱͲͳͶͷͻ-ͽͿΆΈ-ϵϷ-ϿЀ-ҁҊ-ԯԱ-Ֆա-ևა-ჺ';
/** Letters in every locale too. They are written by their code, unless they are to be stemmed. */
const STEMMED_LETTERS = '\u0621-\u063a\u0641-\u064a\u0671-\u06d3\u06d5א-ת';
const SIGNS =
  '\u0080-¿×÷\u02c2-\u02df\u2000-\u206f\u20a0-\u20cf\u2100-\u22ff\u2400-\u24ff\u2500-\u259f\u2e00-\u2e7f' +
  '\u3000-\u3004\u3008-\u3020\u30a0\u30fb\u0589\u058a\u05be\u05c0\u05c3\u05f3\u05f4\u060c\u061b\u061f\u06d4' +
  '\u0964\u0965\u0e3f\u0e4f\u0e5a\u0e5b\u104a-\u104f\u17d4-\u17db\ue000-\uf8ff\ufe30-\ufe6f\ufeff\ufffd';
const EMOJI = '\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\u{1f000}-\u{1faff}';

const INDIC = '\u0900-\u0963\u0966-\u097f\u0b80-\u0bef';

/** Of Hebrew and Arabic. Most texts leave them out. */
const VOWELS = '\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670\u0640';

const UPPER = 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁёЂЃЄЅІЇЈЉЊЋЌЎЏҐ';
const LOWER = 'αβγδεζηθικλμνξοπρστυφχψωσабвгдежзийклмнопрстуфхцчшщъыьэюяееђѓєѕіїјљњћќўџґ';
const LATIN_UPPER = 'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚẞ';
const LATIN_LOWER = 'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĵķĺļľłńņňōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžșțß';

/**
 * A text as it is given to the parser: compatible forms as one, accents removed, letters in lower case where the locale
 * may not do it, signs as blanks, scripts without blanks in overlapping pairs of characters, each emoji as a word, and
 * the letters of other scripts by their code. A query ends a run of pairs with the last pair, a text with the last
 * character, by which single characters are found. For stemmers, accents and letters stay.
 */
const SEARCH_TEXT = `
  create function reddit_search_text(source text, is_query boolean, for_stemmer boolean) returns text
  language plpgsql immutable strict parallel safe as $function$
  declare
    folded text;
    ligature record;
    letters text := '[${LETTERS}' || case when for_stemmer then '${STEMMED_LETTERS}' else '' end || ']';
  begin
    -- In a Turkish locale the parser would make a dotless letter of I.
    if octet_length(source) = length(source) then return lower(source collate "C"); end if;
    folded := lower(translate(source, '\u2018\u2019\u02bc\u00ad', '''''''') collate "C");
    if folded ~ '[^\\u0001-\\u007f\u2010-\u201f\u2026]' then
      folded := normalize(folded, nfkd);
      folded := regexp_replace(folded, '([Ͱ-Ͽ])[\u0300-\u036f]+', '\\1', 'g');
      folded := regexp_replace(folded, '[${VOWELS}]+', '', 'g');
      if not for_stemmer then
        folded := regexp_replace(folded, '([a-zA-Z])[\u0300-\u036f]+', '\\1', 'g');
        folded := regexp_replace(folded, '[\u0653-\u065f]+', '', 'g');
      end if;
      folded := normalize(folded, nfc);
      folded := translate(folded, '${UPPER}${LATIN_UPPER}', '${LOWER}${LATIN_LOWER}');
      if not for_stemmer then
        folded := translate(folded, 'øłđðıħŧ', 'olddiht');
        for ligature in select * from unnest(
          array['ß', 'æ', 'œ', 'þ'], array['ss', 'ae', 'oe', 'th']
        ) as ligatures (one, many) loop
          folded := replace(folded, ligature.one, ligature.many);
        end loop;
      end if;
      folded := replace(folded, '⁄', ' ');
      folded := regexp_replace(folded, '([${SPACELESS}])\u200b+(?=[${SPACELESS}])', '\\1', 'g');
    end if;
    folded := regexp_replace(folded, '[${SIGNS}]+', ' ', 'g');
    if folded !~ '[^\\u0001-\\u007f${LETTERS}]' then return folded; end if;
    return (
      select string_agg(
        case
          when at ~ '[\\u0001-\\u007f]' then at
          when at ~ '[${CJK}${SPACELESS}]' then
            case
              -- A stemmer has no use for it. A word keeps the place.
              when for_stemmer then ' pair '
              when next ~ '[${CJK}${SPACELESS}]' then
                ' ' || case when at ~ '[${SPACELESS}]' then 'x' || to_hex(ascii(at)) else at end
                  || case when next ~ '[${SPACELESS}]' then 'x' || to_hex(ascii(next)) else next end || ' '
              when is_query and before ~ '[${CJK}${SPACELESS}]' then ' '
              when at ~ '[${SPACELESS}]' then ' x' || to_hex(ascii(at)) || ' '
              else ' ' || at || ' '
            end
          when at ~ letters then at
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
 * The stems of a text in a language, without accents. Each begins with three letters of the language's name, so that it
 * is found in texts of this language only. Their places are those of the words. A word without its accents may have
 * another stem than with them: it has both.
 */
const SEARCH_STEMS = `
  create function reddit_search_stems(source text, language text) returns tsvector
  language plpgsql immutable strict parallel safe as $function$
  declare
    plain text;
    accented text;
    stems tsvector;
    spelt tsvector;
  begin
    if language in ('hindi', 'nepali', 'tamil') then
      -- Locales differ in which marks of these scripts are part of a word.
      stems := to_tsvector('pg_catalog.simple', reddit_search_text((
        select string_agg(
          case when part ~ '^[${INDIC}]' then
            coalesce(
              (ts_lexize(cast('pg_catalog.' || language || '_stem' as regdictionary), part))[1], 'stopword'
            )
          else part end, '' order by place)
        from regexp_matches(normalize(source, nfc), '[${INDIC}]+|[^${INDIC}]+', 'g')
          with ordinality as parts (matched, place), lateral (select matched[1] as part) as first
      ), false, false));
    else
      if language = 'turkish' then source := replace(source, 'I', 'ı'); end if;
      plain := reddit_search_text(source, false, false);
      accented := reddit_search_text(source, false, true);
      if language = 'portuguese' then
        -- Its stemmer keeps these plurals apart from their singular.
        plain := regexp_replace(plain, '[ao]es(?![a-z])', 'ao', 'g');
        accented := regexp_replace(accented, '[ãõ]es(?![a-zà-ɏ])', 'ão', 'g');
      end if;
      stems := to_tsvector(cast('pg_catalog.' || language as regconfig), plain);
      if accented is distinct from plain then
        spelt := ts_delete(to_tsvector(cast('pg_catalog.' || language as regconfig), accented), array['pair']);
      end if;
    end if;
    -- Very long words would be too long by their codes, or with the name before them.
    if source ~ '\\S{100}' then
      stems := ts_delete(stems, array(select lexeme from unnest(stems) where length(lexeme) > 100));
      spelt := ts_delete(spelt, array(select lexeme from unnest(spelt) where length(lexeme) > 100));
    end if;
    stems := ts_delete(stems, 'stopword');
    if spelt is not null then
      stems := cast(concat_ws(' ', stems, reddit_search_text(cast(spelt as text), false, false)) as tsvector);
    end if;
    return cast(regexp_replace(
      cast(stems as text), '(^| )''', '\\1''' || left(language, 3) || '|', 'g'
    ) as tsvector);
  end
  $function$`;

export const down = undefined;
