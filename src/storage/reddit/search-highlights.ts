import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';

/** A piece of a text, split into matching and other parts. */
export type Fragment = { text: string; isMatch: boolean }[];

const MOST_FRAGMENTS = 3;
/** Lengths in words. */
const FRAGMENT_WORDS = 30;
const WORDS_BEFORE = 8;

const PAIRED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}ー';
/** Scripts that are searched by pairs of characters give a word for each character. */
const WORD = new RegExp(`[${PAIRED}]|(?:(?![${PAIRED}])[\\p{L}\\p{N}\\p{M}])+|\\p{Extended_Pictographic}`, 'gu');
const IS_PAIRED = new RegExp(`^[${PAIRED}]+$`, 'u');
/** Private use: programs may take them for marks of their own. */
const PRIVATE = /[\ue000-\uf8ff]/g;

interface Word {
  at: number;
  end: number;
  isMatch: boolean;
}

const wordsIn = (text: string) => [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ word, index }));

/** Which of the words the query looks for. PostgreSQL decides it, as it decides which rows match. */
async function matchingWords(database: Database, q: string, words: string[]): Promise<Set<string>> {
  if (words.length === 0) return new Set();
  const found = await rows<{ word: string }>(
    database,
    `with terms as (select querytree(reddit_search_query(:q)) as tree),
     query as materialized (
       select case when tree in ('', 'T') then ''::tsquery
         else regexp_replace(tree, ' (&|<->|<\\d+>) ', ' | ', 'g')::tsquery end as query
       from terms
     )
     select word from query, unnest(cast(:words as text[])) as word
     where to_tsvector('pg_catalog.russian', reddit_search_text(word, false)) @@ query`,
    { q, words },
  );
  return new Set(found.map(({ word }) => word));
}

/** Marks the words that a query looks for. `texts` are all those to be marked. */
export async function findHighlights(database: Database, q: string, texts: string[]) {
  const distinct = new Set(texts.flatMap((text) => wordsIn(text).map(({ word }) => word)));
  const runs = new Set([...q.matchAll(new RegExp(`[${PAIRED}]+`, 'gu'))].map(([run]) => run));
  const single = [...distinct].filter((word) => !IS_PAIRED.test(word));
  const matching = await matchingWords(database, q, single);

  function markWords(text: string): Word[] {
    const inRun = new Set<number>();
    for (const run of runs)
      for (let at = text.indexOf(run); at >= 0; at = text.indexOf(run, at + 1))
        for (let offset = 0; offset < run.length; offset += 1) inRun.add(at + offset);
    return wordsIn(text).map(({ word, index }) => ({
      at: index,
      end: index + word.length,
      isMatch: matching.has(word) || inRun.has(index),
    }));
  }

  return {
    /** All of a text. */
    whole: (source: string): Fragment => {
      const text = source.replace(PRIVATE, '');
      return split(text, markWords(text), 0, text.length);
    },
    /** Pieces around the first matches, or the beginning where nothing matches. */
    fragments: (source: string): Fragment[] => {
      const text = source.replace(PRIVATE, '');
      const words = markWords(text);
      const fragments = rangesOf(words).map(([from, to]) => {
        const begin = from === 0 ? 0 : (words[from]?.at ?? 0);
        return split(text, words, begin, to === words.length ? text.length : (words[to - 1]?.end ?? 0));
      });
      return fragments.filter((parts) => parts.some((part) => part.text.trim() !== ''));
    },
  };
}

/** The words of each fragment: from ≤ index < to. */
function rangesOf(words: Word[]): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  let next = 0;
  words.forEach((word, index) => {
    if (!word.isMatch || index < next || ranges.length === MOST_FRAGMENTS) return;
    const from = Math.max(next, index - WORDS_BEFORE);
    next = Math.min(from + FRAGMENT_WORDS, words.length);
    ranges.push([from, next]);
  });
  return ranges.length > 0 ? ranges : [[0, Math.min(FRAGMENT_WORDS, words.length)]];
}

/** The text from one place to another as parts. Matching words that follow each other without a gap are one part. */
function split(text: string, words: Word[], from: number, to: number): Fragment {
  const parts: Fragment = [];
  const add = (part: string, isMatch: boolean) => {
    const last = parts.at(-1);
    if (last?.isMatch === isMatch) last.text += part;
    else if (part !== '') parts.push({ text: part, isMatch });
  };
  let at = from;
  for (const word of words) {
    if (!word.isMatch || word.at < from || word.end > to) continue;
    add(text.slice(at, word.at), false);
    add(text.slice(word.at, word.end), true);
    at = word.end;
  }
  add(text.slice(at, to), false);
  return parts;
}
