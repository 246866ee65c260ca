import type { Database } from '../src/platform/postgres/postgres';

/** The most common words of English, which a full-text search ignores: about half of any text. */
const STOP_WORDS = [
  'the to and a of is that it i you in for not be this on have are was with but they as can if just or',
  'do so at what an we from about there who will more out would your up all when no how which them than',
  'had some only his then been other',
].flatMap((line) => line.split(' '));
const SYLLABLES =
  'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo za bra cle dri flo gru sta tre spi plo kna'.split(' ');
const WORDS = 50_000;
/** Words that the bench searches for, by their rank: they occur in very many to very few comments of a million. */
const PLANTED = { people: 66, cat: 240, telescope: 3_000, zeppelin: 40_000 } as const;

const SUBREDDITS = [
  'AskReddit',
  'programming',
  'typescript',
  'history',
  'node',
  'science',
  'movies',
  'cooking',
  'travel',
  'music',
  'space',
  'books',
];
const AUTHORS = 40_000;
const DAYS = 365;
const ROWS_A_STATEMENT = 5_000;

/** A seeded random generator (mulberry32), so that every run has the same content. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The most common word first. */
export function createVocabulary(): string[] {
  const words = Array.from({ length: WORDS }, (_, rank) => {
    let word = '';
    for (let rest = rank + SYLLABLES.length; rest > 0; rest = Math.floor(rest / SYLLABLES.length))
      word += SYLLABLES[rest % SYLLABLES.length] ?? '';
    return STOP_WORDS[rank] ?? word;
  });
  for (const [word, rank] of Object.entries(PLANTED)) words[rank] = word;
  return words;
}

/** Writes texts by Zipf's law: the n-th most common word is n times as rare as the first. Most texts are short. */
function createWriter(random: () => number) {
  const vocabulary = createVocabulary();
  const zipf = (most: number) => Math.floor(most ** random()) - 1;
  const bell = () => random() + random() + random() + random() - 2;
  return {
    zipf,
    words: (median: number) =>
      Array.from({ length: Math.ceil(median * Math.exp(1.5 * bell())) }, () => vocabulary[zipf(WORDS)]).join(' '),
  };
}

/** Of every five rows, one is in one of so many languages, in turn; the others are English. */
const LANGUAGES =
  'german french spanish portuguese turkish finnish dutch swedish danish norwegian italian romanian hungarian catalan'
    .concat(' basque indonesian irish lithuanian serbian')
    .split(' ');
const languageOf = (n: number, languages: number) =>
  (languages > 0 && n % 5 === 0 ? LANGUAGES[(n / 5) % Math.min(languages, LANGUAGES.length)] : undefined) ?? 'english';

/** Runs `load` without the GIN indexes, and creates them again as the migrations did. */
async function withoutTextIndexes(database: Database, load: () => Promise<void>): Promise<void> {
  const { rows } = await database.raw<{ rows: { indexname: string; indexdef: string }[] }>(
    `select indexname, indexdef from pg_indexes
     where tablename in ('reddit_posts', 'reddit_comments') and indexdef like '% USING gin %'`,
  );
  for (const { indexname } of rows) await database.raw('drop index ??', [indexname]);
  await load();
  for (const { indexdef } of rows) await database.raw(indexdef);
}

/** Inserts posts and comments of a year, the oldest first, as scrapes do. */
export async function seedReddit(
  database: Database,
  { posts, comments, languages = 0 }: { posts: number; comments: number; languages?: number },
): Promise<void> {
  const random = createRandom(7);
  const { words, zipf } = createWriter(random);
  const startedAt = Date.now() - DAYS * 86_400_000;
  const timeOf = (n: number, of: number) => new Date(startedAt + (n / of) * DAYS * 86_400_000).toISOString();
  const subreddits = Array.from({ length: posts }, () => SUBREDDITS[zipf(SUBREDDITS.length + 1)] ?? '');
  const batches = async (count: number, insert: (numbers: number[]) => Promise<unknown>) => {
    for (let from = 0; from < count; from += ROWS_A_STATEMENT)
      await insert(Array.from({ length: Math.min(ROWS_A_STATEMENT, count - from) }, (_, n) => from + n));
  };
  const score = () => zipf(5_000) - 3;
  const author = () => `author_${zipf(AUTHORS)}`;

  await withoutTextIndexes(database, async () => {
    await batches(posts, (numbers) =>
      database.raw(
        `insert into reddit_posts (id, title, author, subreddit, content, score, num_comments, is_self, is_nsfw,
                                   language, reddit_created_at, first_seen_at, scraped_at)
         select *, at, at
         from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::int[], ?::int[], ?::bool[], ?::bool[],
                     ?::text[], ?::timestamptz[])
              as g(id, title, author, subreddit, content, score, num_comments, is_self, is_nsfw, language, at)`,
        [
          numbers.map((n) => `p${n}`),
          numbers.map(() => words(9)),
          numbers.map(author),
          numbers.map((n) => subreddits[n]),
          numbers.map(() => words(60)),
          numbers.map(score),
          numbers.map(() => Math.round(comments / posts)),
          numbers.map(() => true),
          numbers.map(() => random() < 0.05),
          numbers.map((n) => languageOf(n, languages)),
          numbers.map((n) => timeOf(n, posts)),
        ] as never,
      ),
    );
    // A comment belongs to a post of the preceding days.
    await batches(comments, (numbers) => {
      const parents = numbers.map((n) => Math.max(0, Math.floor((n / comments) * posts) - zipf(500)));
      return database.raw(
        `insert into reddit_comments (id, post_id, author, body, subreddit, parent_id, depth, score, is_deleted,
                                      language, reddit_created_at, first_seen_at, scraped_at)
         select *, at, at
         from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::int[], ?::int[], ?::bool[],
                     ?::text[], ?::timestamptz[])
              as g(id, post_id, author, body, subreddit, parent_id, depth, score, is_deleted, language, at)`,
        [
          numbers.map((n) => `c${n}`),
          parents.map((n) => `p${n}`),
          numbers.map(author),
          numbers.map(() => words(22)),
          parents.map((n) => subreddits[n]),
          parents.map((n) => `t3_p${n}`),
          numbers.map(() => zipf(6)),
          numbers.map(score),
          numbers.map(() => random() < 0.02),
          numbers.map((n) => languageOf(n, languages)),
          numbers.map((n) => timeOf(n, comments)),
        ] as never,
      );
    });
  });
  await database.raw('vacuum analyze reddit_posts');
  await database.raw('vacuum analyze reddit_comments');
}
