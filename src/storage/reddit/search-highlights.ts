import { rows } from '../sql/rows';
import type { Database } from '../../platform/postgres/postgres';

/** A piece of a text, split into matching and other parts. */
export type Fragment = { text: string; isMatch: boolean }[];

interface Query {
  q: string;
  /** As PostgreSQL reads `q`. */
  tsquery: string;
  /** Those by whose stems its words are looked for. */
  languages: string[];
  /** That of `q`. */
  language?: string;
}

const MOST_FRAGMENTS = 3;
/** Lengths in words. */
const FRAGMENT_WORDS = 30;
const WORDS_BEFORE = 8;

const PAIRED = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map((script) => `\\p{Script=${script}}`)
  .concat('ー')
  .join('');
/** Scripts that are searched by pairs of characters give a word for each character. */
const WORD = new RegExp(`[${PAIRED}]|(?:(?![${PAIRED}])[\\p{L}\\p{N}\\p{M}])+|\\p{Extended_Pictographic}`, 'gu');
const IS_PAIRED = new RegExp(`^[${PAIRED}]+$`, 'u');
/** Private use: programs may take them for marks of their own. */
const PRIVATE = /[\ue000-\uf8ff]/g;
/** A phrase or a word of a query, with the sign that excludes it. */
const TERM = /(-?)(?:"([^"]*)"?|([^\s"]+))/g;

interface Word {
  at: number;
  end: number;
  isMatch: boolean;
}

const wordsIn = (text: string) => [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ word, index }));
const keyOf = (word: string, language: string | null) => `${language ?? ''} ${word}`;

/** The words that the query looks for, in sequences: those of a phrase stand together. */
function sequencesOf(q: string): string[][] {
  return [...q.replace(/[“”„«»]/g, '"').matchAll(TERM)]
    .filter(([, sign, , word]) => sign === '' && word?.toLowerCase() !== 'or')
    .map(([, , phrase, word]) => wordsIn(phrase ?? word ?? '').map((each) => each.word))
    .filter((sequence) => sequence.length > 0 && !sequence.some((word) => IS_PAIRED.test(word)));
}

/** Which words of texts each word of the query stands for; null for a stop word, which stands for any. */
type Matches = Map<string, Set<string> | null>;

const withoutStopWordsAround = <Item>(sequence: (Item | null)[]) =>
  sequence.slice(
    sequence.findIndex((item) => item !== null),
    sequence.findLastIndex((item) => item !== null) + 1,
  );

/** PostgreSQL decides it, as it decides which rows match. */
async function findMatches(
  database: Database,
  { tsquery, languages, language }: Query,
  terms: string[],
  words: { word: string; language: string | null }[],
): Promise<Matches> {
  if (words.length === 0 || terms.length === 0) return new Map();
  const found = await rows<{ term: string; isWordless: boolean; word: string | null; language: string | null }>(
    database,
    `with tree as (select querytree(cast(:tsquery as tsquery)) as tree),
     whole as materialized (
       select case when tree in ('', 'T') then cast('' as tsquery)
         else cast(regexp_replace(tree, ' (&|<->|<\\d+>) ', ' | ', 'g') as tsquery) end as query
       from tree
     ),
     candidates as materialized (
       select word, language, vector
       from whole, unnest(cast(:words as text[]), cast(:wordLanguages as text[])) as given (word, language),
         lateral (select reddit_search_vector(word, language) as vector) as split
       where vector @@ query
     ),
     terms as materialized (
       select term, reddit_search_query(term, cast(:languages as text[]), cast(:language as text)) as query
       from unnest(cast(:terms as text[])) as term
     )
     select term, numnode(query) = 0 as "isWordless", word, language
     from terms left join candidates on vector @@ query`,
    {
      tsquery,
      terms,
      languages,
      language: language ?? null,
      words: words.map(({ word }) => word),
      wordLanguages: words.map((each) => each.language),
    },
  );
  const matches: Matches = new Map();
  for (const row of found) {
    const known = matches.get(row.term) ?? new Set();
    if (row.word !== null) known.add(keyOf(row.word, row.language));
    matches.set(row.term, row.isWordless ? null : known);
  }
  return matches;
}

/** Marks the words that a query looks for. `texts` are all those to be marked. */
export async function findHighlights(
  database: Database,
  query: Query,
  texts: { text: string; language: string | null }[],
) {
  const runs = new Set([...query.q.matchAll(new RegExp(`[${PAIRED}]+`, 'gu'))].map(([run]) => run));
  const sequences = sequencesOf(query.q.replaceAll('\0', ''));
  const distinct = new Map(
    texts.flatMap(({ text, language }) =>
      wordsIn(text)
        .filter(({ word }) => !IS_PAIRED.test(word))
        .map(({ word }) => [keyOf(word, language), { word, language }]),
    ),
  );
  const matches = await findMatches(database, query, [...new Set(sequences.flat())], [...distinct.values()]);
  const searched = sequences
    .map((sequence) => withoutStopWordsAround(sequence.map((term) => matches.get(term))))
    .filter((sequence) => sequence.some((set) => set && set.size > 0));

  function markWords(text: string, language: string | null): Word[] {
    const marked = new Set<number>();
    for (const run of runs)
      for (let at = text.indexOf(run); at >= 0; at = text.indexOf(run, at + 1))
        for (let offset = 0; offset < run.length; offset += 1) marked.add(at + offset);
    const words = wordsIn(text);
    const keys = words.map(({ word }) => keyOf(word, language));
    for (const sequence of searched)
      for (let first = 0; first + sequence.length <= words.length; first += 1)
        if (sequence.every((set, n) => set === null || set?.has(keys[first + n] ?? '')))
          for (const { index } of words.slice(first, first + sequence.length)) marked.add(index);
    return words.map(({ word, index }) => ({ at: index, end: index + word.length, isMatch: marked.has(index) }));
  }

  return {
    /** All of a text. */
    whole: (source: string, language: string | null): Fragment => {
      const text = source.replace(PRIVATE, '');
      return split(text, markWords(text, language), 0, text.length);
    },
    /** Pieces around the first matches, or the beginning where nothing matches. */
    fragments: (source: string, language: string | null): Fragment[] => {
      const text = source.replace(PRIVATE, '');
      const words = markWords(text, language);
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
