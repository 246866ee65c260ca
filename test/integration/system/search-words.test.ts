import { createDatabase, migrate, migrationNames, type Database } from '../../../src/platform/postgres/postgres';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';

jest.setTimeout(120_000);

/** One database for each way in which PostgreSQL is set up: what counts as a letter differs between them. */
const LOCALES = {
  'locale C': "locale_provider libc lc_collate 'C' lc_ctype 'C'",
  'builtin C.UTF-8': "locale_provider builtin builtin_locale 'C.UTF-8' lc_collate 'C' lc_ctype 'C'",
  ICU: "locale_provider icu icu_locale 'en-US' lc_collate 'C' lc_ctype 'C'",
};

const TEXTS = {
  signs: '“banana” loudly — it’s a cherry…grape',
  emoji: 'what a 🦓 in town, said the 👩🏽‍🚀',
  sun: 'hot☀️day',
  accents: 'Crème brûlée im Café, Łódź und Straße',
  russian: 'Большие КОШКИ спали — «долго»',
  greek: 'ΑΘΉΝΑ είναι',
  chinese: '我喜欢在北京吃烤鸭。',
  japanese: '東京タワーへ行きました',
  korean: '한국어를 배웁니다',
  thai: 'ภาษาไทย ดี',
  wide: 'Ｆｕｌｌ ｗｉｄｔｈ',
  english: 'The zebras were running',
  german: 'ÜBER schönen Häusern',
  turkish: 'KITAPLARI İzmir ışıklar',
  arabic: 'المَكتبات',
  hindi: 'लड़कियाँ किताबें पढ़ रही हैं',
  burmese: 'မြန်မာနိုင်ငံ',
  khmer: 'ភាសា\u200bខ្មែរ',
  long: `https://example.org/${'a'.repeat(2_020)} ${'ß'.repeat(700)} ${'ب'.repeat(700)} Hunde`,
};

/** Those of the texts whose language is known. */
const LANGUAGES: Partial<Record<keyof typeof TEXTS, string>> = {
  signs: 'english',
  russian: 'russian',
  german: 'german',
  turkish: 'turkish',
  arabic: 'arabic',
  hindi: 'hindi',
  long: 'german',
};

const QUESTIONS: [q: string, found: (keyof typeof TEXTS)[]][] = [
  ['banana', ['signs']],
  ['cherry', ['signs']],
  ['grape', ['signs']],
  ['“cherry grape”', ['signs']],
  ['"grape cherry"', []],
  ['🦓', ['emoji']],
  ['👩‍🚀', ['emoji']],
  ['☀', ['sun']],
  ['day', ['sun']],
  ['creme brulee', ['accents']],
  ['Café', ['accents']],
  ['cafe\u0301', ['accents']],
  ['lodz', ['accents']],
  ['STRASSE', ['accents']],
  ['кошка', ['russian']],
  ['долго', ['russian']],
  ['αθηνα', ['greek']],
  ['Αθήνα', ['greek']],
  ['北京', ['chinese']],
  ['烤鸭', ['chinese']],
  ['京', ['chinese', 'japanese']],
  ['鸭', ['chinese']],
  ['京北', []],
  ['"北京吃"', ['chinese']],
  ['京 -北京', ['japanese']],
  ['東京タワー', ['japanese']],
  ['タワー', ['japanese']],
  ['ﾀﾜｰ', ['japanese']],
  ['한국어', ['korean']],
  ['ภาษาไทย', ['thai']],
  ['ไทย', ['thai']],
  ['ภาษา', ['thai']],
  ['ไ', ['thai']],
  ['ทภ', []],
  ['นิยม', []],
  ['မြန်မာ', ['burmese']],
  ['နိုင်ငံ', ['burmese']],
  ['ខ្មែរ', ['khmer']],
  ['ភាសាខ្មែរ', ['khmer']],
  ['haus', ['german']],
  ['Häuser -zebra', ['german']],
  ['"schöne haus"', ['german']],
  ['"haus schöne"', []],
  ['uber', ['german']],
  ['kitap', ['turkish']],
  ['ışık', ['turkish']],
  ['isik', ['turkish']],
  ['IZMIR', ['turkish']],
  ['مكتبة', ['arabic']],
  ['लड़की किताब', ['hindi']],
  ['hund', ['long']],
  ['full width', ['wide']],
  ['zebra run', ['english']],
  ['town -🦓', []],
];

/** The stored vectors by locale, as far as the tests have come. */
const vectors: unknown[] = [];

describe.each(Object.entries(LOCALES))('with %s', (_, locale) => {
  let admin: TestDatabase;
  let database: Database;
  const name = `words_${process.pid}`;

  beforeAll(async () => {
    admin = await createTestDatabase();
    await admin.database.raw(`create database ${name} template template0 encoding 'UTF8' ${locale}`);
    database = createDatabase({
      url: admin.url.replace(/[^/]+$/, name),
      poolSize: 2,
      applicationName: 'taskloom-test',
    });
    // The texts are there before the migration: it makes their words anew.
    await migrate(
      database,
      migrationNames().filter((each) => each < '0014'),
    );
    await database('reddit_posts').insert({ id: 'p', title: 'x', subreddit: 's', reddit_created_at: new Date() });
    await database('reddit_comments').insert(
      Object.entries(TEXTS).map(([id, body]) => ({
        id,
        post_id: 'p',
        body,
        subreddit: 's',
        reddit_created_at: new Date(),
      })),
    );
    await migrate(database);
    for (const [id, language] of Object.entries(LANGUAGES))
      await database('reddit_comments').where({ id }).update({ language });
  });
  afterAll(async () => {
    await database?.destroy();
    await admin?.database.raw(`drop database if exists ${name}`);
    await admin?.drop();
  });

  test('words are found as in every other locale', async () => {
    const content = createRedditContentRepository(database);
    const answers = await Promise.all(
      QUESTIONS.map(async ([q]) => {
        const { hits } = await content.search({ q, kinds: ['post', 'comment'], limit: 100 });
        return [q, hits.map(({ id }) => id).sort()];
      }),
    );
    expect(answers).toEqual(QUESTIONS.map(([q, found]) => [q, [...found].sort()]));
  });

  test('the words of the query are marked', async () => {
    const content = createRedditContentRepository(database);
    const marked = async (q: string) => {
      const { hits } = await content.search({ q, kinds: ['comment'], limit: 1 });
      return hits[0]?.fragments.flat().flatMap(({ text, isMatch }) => (isMatch ? [text] : []));
    };
    expect(await marked('banana')).toEqual(['banana']);
    expect(await marked('creme')).toEqual(['Crème']);
    expect(await marked('北京')).toEqual(['北京']);
    expect(await marked('кошка')).toEqual(['КОШКИ']);
    expect(await marked('🦓 -cat')).toEqual(['🦓']);
    expect(await marked('zebra or nothing')).toEqual(['zebras']);
    expect(await marked('haus')).toEqual(['Häusern']);
    expect(await marked('"schöne haus"')).toEqual(['schönen', 'Häusern']);
    expect(await marked('kitap')).toEqual(['KITAPLARI']);
    expect(await marked('مكتبة')).toEqual(['المَكتبات']);
    expect(await marked('ไทย')).toEqual(['ไทย']);
  });

  test('the stored words of a text are those of every other locale', async () => {
    const { rows } = await database.raw<{ rows: { id: string; words: string }[] }>(
      'select id, search::text as words from reddit_comments order by id',
    );
    vectors.push(rows);
    expect(rows).toEqual(vectors[0]);
  });
});

test('posts with a text anywhere in title or content are found, the best first', async () => {
  const db = await createTestDatabase();
  try {
    const content = createRedditContentRepository(db.database);
    const row = { subreddit: 'Zoo', reddit_created_at: new Date() };
    await db.database('reddit_posts').insert([
      { ...row, id: 'a', title: 'A zEBra', score: 1 },
      { ...row, id: 'b', title: 'none', content: 'many zebras', score: 2 },
      { ...row, id: 'c', title: 'zebra', score: 3, is_deleted: true },
      { ...row, id: 'd', title: 'nothing', score: 4 },
    ]);
    const find = async (text: string) =>
      (await content.findPosts({ text, minScore: -100, limit: 10 })).map(({ id }) => id);
    expect(await find('EBR')).toEqual(['b', 'a']);
    for (const text of ['%', '_', 'z%a', '\\']) expect([text, await find(text)]).toEqual([text, []]);
    const { rows } = await db.database.raw("select indexdef from pg_indexes where indexname = 'reddit_posts_trigrams'");
    const { rows: extensions } = await db.database.raw("select from pg_extension where extname = 'pg_trgm'");
    expect(rows).toHaveLength(extensions.length);
  } finally {
    await db.drop();
  }
});
