import { createLanguageFilling } from '../../../src/activities/content-languages';
import { createContentLanguageRepository } from '../../../src/storage/reddit/content-language-repository';
import { createRedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import { comment, post, run, laterRun, useRedditContent } from '../../support/reddit-content';
import type { ContentLanguage, SubredditLanguages } from '../../../src/shared/content-languages';
import type { RedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';
import type { TestDatabase } from '../../support/test-database';

let db: TestDatabase;
let content: RedditContentRepository;
useRedditContent((stack) => ({ db, content } = stack));

const TEXTS: [id: string, language: ContentLanguage, body: string][] = [
  ['de', 'german', 'Die schönen Häuser an der Straße gehören den reichen Leuten'],
  ['fr', 'french', 'Les chevaux mangeaient des pommes dans le pré cet été'],
  ['es', 'spanish', 'Los niños corrían por las calles y cantaban canciones'],
  ['pt', 'portuguese', 'As crianças estavam brincando na rua, que emoções e corações'],
  ['tr', 'turkish', 'KITAPLARI masanın üzerine koydum, İstanbul çok güzel'],
  ['fi', 'finnish', 'Taloissamme oli monta kissaa ja äitini ei tiedä mitä tehdä'],
  ['ar', 'arabic', 'ذهبت إلى المَكتبات الكبيرة في المدينة أمس'],
  ['ru', 'russian', 'Большие кошки долго спали на диване'],
  ['en', 'english', 'The zebras were running away from the lions again'],
  ['mix', 'german', 'Wir haben gestern zwei neue Computer gekauft, running Linux on both of them und das geht gut'],
  ['short', 'simple', 'Schöne Häuser'],
  ['code', 'simple', 'https://example.org/die-katze-ist-auf-dem-dach `der die das` lol'],
];
const store = (repository = content) =>
  repository.upsertPosts([post('p', { title: 'zzz' })], run()).then(() =>
    repository.upsertComments(
      TEXTS.map(([id, , body]) => comment(id, 'p', { body })),
      run(),
    ),
  );
const find = async (q: string, language?: ContentLanguage) => {
  const { hits } = await content.search({ q, language, kinds: ['comment'], limit: 100 });
  return hits.map(({ id }) => id).sort();
};
const languages = async (table = 'reddit_comments'): Promise<Record<string, string | null>> =>
  Object.fromEntries((await db.database(table).select('id', 'language')).map((row) => [row.id, row.language]));
const fill = (set: SubredditLanguages = new Map()) =>
  createLanguageFilling({ contentLanguages: createContentLanguageRepository(db.database, set) })();

test('the language of a text is detected when it is stored; short texts and code have none', async () => {
  await store();
  expect(await languages()).toEqual(Object.fromEntries(TEXTS.map(([id, language]) => [id, language])));
  const { items } = await content.listComments({ limit: 100 });
  expect(items.find(({ id }) => id === 'de')?.language).toBe('german');
  expect((await content.listPosts({ limit: 1 })).items[0]?.language).toBe('simple');
});

const QUESTIONS: [q: string, found: string[], language?: ContentLanguage][] = [
  ['Haus', ['de']],
  ['häuser', ['de', 'short']],
  ['häusern', ['de']],
  ['hausern', ['de']],
  ['strasse', ['de']],
  ['cheval pomme', ['fr']],
  ['manger', ['fr']],
  ['niño', ['es']],
  ['cancion correr', ['es']],
  ['criança', ['pt']],
  ['coração emoção', ['pt']],
  ['kitap', ['tr']],
  ['istanbul', ['tr']],
  ['talo', ['fi']],
  ['äiti kissa', ['fi']],
  ['مكتبة', ['ar']],
  ['كبير', ['ar']],
  ['кошка', ['ru']],
  ['zebra run', ['en']],
  ['run', ['en', 'mix']],
  ['computern', ['mix']],
  ['haus or cheval', ['de', 'fr']],
  ['häuser -reich', ['short']],
  ['"schönes Haus"', ['de']],
  ['Haus', ['de'], 'german'],
  ['Haus', [], 'french'],
  ['Haus', [], 'simple'],
  ['Häuser', ['de', 'short'], 'simple'],
  ['das Haus', ['de'], 'german'],
  ['das Haus', [], 'french'],
  ['zebra', ['en'], 'german'],
];

test('words are found in every inflection, and in the asked language alone if one is asked', async () => {
  await store();
  const answers = [];
  for (const [q, , language] of QUESTIONS) answers.push([q, await find(q, language), language]);
  expect(answers).toEqual(QUESTIONS.map(([q, found, language]) => [q, [...found].sort(), language]));
});

test('a very long query is stemmed as English and Russian only, unless it names its language', async () => {
  await store();
  const rest = Array.from({ length: 60 }, (_, n) => ` or w${n}`).join('');
  expect(await find(`Haus or zebra${rest}`)).toEqual(['en']);
  expect(await find(`Häuser${rest}`)).toEqual(['de', 'short']);
  expect(await find(`Haus${rest}`, 'german')).toEqual(['de']);
});

test('stop words of the asked language alone find nothing, and the answer says why', async () => {
  await store();
  const query = { kinds: ['comment'], limit: 10 } as const;
  expect(await content.search({ ...query, q: 'der und das', language: 'german' })).toMatchObject({
    hits: [],
    isWordless: true,
  });
  expect(await content.search({ ...query, q: 'der und das' })).toMatchObject({ isWordless: false });
});

test('a stem of one language finds no text of another', async () => {
  // Both have the stem "art": German "Arten" and French "arts".
  await content.upsertPosts([post('p')], run());
  await content.upsertComments(
    [
      comment('de', 'p', { body: 'Es gibt sehr viele verschiedene Arten von Vögeln in diesem Wald' }),
      comment('fr', 'p', { body: "Elle ne connaît pas très bien l'histoire de l'art moderne" }),
    ],
    run(),
  );
  expect(await find('arts', 'french')).toEqual(['fr']);
  expect(await find('Arten', 'german')).toEqual(['de']);
});

test('words and phrases are marked as they are found', async () => {
  await store();
  const marked = async (q: string) => {
    const { hits } = await content.search({ q, kinds: ['comment'], limit: 10 });
    return hits.flatMap(({ fragments }) => fragments.flat().flatMap(({ text, isMatch }) => (isMatch ? [text] : [])));
  };
  expect(await marked('cheval pomme')).toEqual(['chevaux', 'pommes']);
  expect(await marked('"schönes haus" straßen')).toEqual(['schönen', 'Häuser', 'Straße']);
  await content.upsertComments([comment('twice', 'p', { body: 'one cat, two fat cats, the fat dog' })], run());
  expect(await marked('"fat cat"')).toEqual(['fat', 'cats']);
  expect(await marked('"cats the fat dog"')).toEqual(['cats', 'the', 'fat', 'dog']);
  expect(await marked('"the fat"')).toEqual(['fat', 'fat']);
});

test('the lists look for words as the search does', async () => {
  await store();
  expect((await content.listComments({ q: 'Haus', limit: 10 })).items.map(({ id }) => id)).toEqual(['de']);
  expect((await content.listPostComments('p', { q: 'cheval', limit: 10 })).items.map(({ id }) => id)).toEqual(['fr']);
});

test('the language that is set for a subreddit comes before what is detected', async () => {
  await store(createRedditContentRepository(db.database, new Map([['funny', 'german']])));
  expect(new Set(Object.values(await languages()))).toEqual(new Set(['german']));
  expect(await find('Haus')).toEqual(['de', 'short']);
});

test('content without a language gets it, and a change of the setting is applied to what is stored', async () => {
  await store();
  await db.database('reddit_comments').update({ language: null });
  await db.database('reddit_posts').update({ language: null });
  expect(await find('Haus')).toEqual([]);
  const detected = Object.fromEntries(TEXTS.map(([id, language]) => [id, language]));

  expect(await fill()).toEqual({ languagesFilled: TEXTS.length + 1 });
  expect(await languages()).toEqual(detected);
  expect(await find('Haus')).toEqual(['de']);
  expect(await fill()).toEqual({ languagesFilled: 0 });

  const german = new Map([['funny', 'german']] as const);
  expect(await fill(german)).toEqual({ languagesFilled: TEXTS.length + 1 - 2 });
  expect(new Set(Object.values(await languages()))).toEqual(new Set(['german']));
  expect(await languages('reddit_posts')).toEqual({ p: 'german' });
  expect(await fill(german)).toEqual({ languagesFilled: 0 });

  await fill(new Map([['funny', 'french']] as const));
  expect(new Set(Object.values(await languages()))).toEqual(new Set(['french']));

  await fill();
  expect(await languages()).toEqual(detected);
  expect(await fill()).toEqual({ languagesFilled: 0 });
});

test('content that is scraped again unchanged is not written because of its language', async () => {
  await store();
  await db.database('reddit_comments').update({ language: null });
  const items = TEXTS.map(([id, , body]) => comment(id, 'p', { body }));
  expect(await content.upsertComments(items, await laterRun())).toMatchObject({ unchanged: TEXTS.length, updated: 0 });
  const edited = comment('de', 'p', { body: 'The zebras were running away from all of the lions' });
  expect(await content.upsertComments([edited], await laterRun())).toMatchObject({ updated: 1 });
  expect((await languages()).de).toBe('english');
  expect(await find('zebra')).toEqual(['de', 'en']);
});
