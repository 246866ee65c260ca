import { comment, post, run, useRedditContent } from '../../support/reddit-content';
import type { RedditContentRepository } from '../../../src/storage/reddit/reddit-content-repository';

let content: RedditContentRepository;
useRedditContent((stack) => ({ content } = stack));

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
beforeEach(async () => {
  await content.upsertPosts(
    [
      post('a', { createdAt: day(1), score: 10, title: 'Cats are running' }),
      post('b', { createdAt: day(2), score: 5, isNsfw: true, content: 'a dog and a cat', title: 'Pets' }),
      post('c', { createdAt: day(2), score: -3, subreddit: 'AskReddit' }),
      post('d', { createdAt: day(3), score: 7 }),
    ],
    run(),
  );
  await content.upsertComments(
    [
      comment('1', 'a', { score: 3, createdAt: day(4) }),
      comment('2', 'a', { score: 9, createdAt: day(5), body: 'She runs fast' }),
      comment('3', 'a', { score: 3, createdAt: day(6) }),
      comment('4', 'b', { createdAt: day(7) }),
    ],
    run(),
  );
});
const ids = async (found: Promise<{ items: { id: string }[] }>) => (await found).items.map((row) => row.id);

test('lists newest first, by each filter', async () => {
  const list = (filters: object) => ids(content.listPosts({ limit: 10, ...filters }));
  expect(await list({})).toEqual(['d', 'c', 'b', 'a']);
  expect(await list({ subreddit: 'fUNNY' })).toEqual(['d', 'b', 'a']);
  expect(await list({ minScore: 7 })).toEqual(['d', 'a']);
  expect(await list({ since: day(2), until: day(3) })).toEqual(['c', 'b']);
  expect(await list({ nsfw: true })).toEqual(['b']);
  expect(await list({ nsfw: false })).toEqual(['d', 'c', 'a']);
  expect(await list({ q: 'cat' })).toEqual(['b', 'a']);
  expect(await list({ q: 'cat -dog' })).toEqual(['a']);
  expect(await list({ q: '"running cats' })).toEqual([]);
  expect(await list({ q: 'the' })).toEqual([]);
  expect(await list({ q: '\0)(&|!:* cat', subreddit: 'funny', minScore: 6, nsfw: false })).toEqual(['a']);
  expect(await ids(content.listComments({ limit: 10, q: 'run' }))).toEqual(['2']);
  expect(await ids(content.listComments({ limit: 10, nsfw: true }))).toEqual(['4']);
  expect(await ids(content.listPostComments('a', { limit: 10 }))).toEqual(['2', '3', '1']);
  expect(await ids(content.listPostComments('nobody', { limit: 10 }))).toEqual([]);
});

test('pages of one row make up the whole list, and new rows do not shift it', async () => {
  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await content.listPosts({ limit: 1, cursor });
    paged.push(...page.items.map((row) => row.id));
    await content.upsertPosts([post(`new${paged.length}`, { createdAt: day(20) })], run());
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(paged).toEqual(['d', 'c', 'b', 'a']);
  const first = await content.listPostComments('a', { limit: 2 });
  expect(await ids(content.listPostComments('a', { limit: 2, cursor: first.nextCursor! }))).toEqual(['1']);
});

test('refuses a cursor of another list, and text that is no cursor', async () => {
  const byScore = (await content.listPostComments('a', { limit: 1 })).nextCursor!;
  for (const cursor of [
    byScore,
    '',
    'rubbish',
    '🙂',
    Buffer.from('t:99999999999999999:a').toString('base64url'),
    Buffer.from('t:-8640000000000000:a').toString('base64url'),
    Buffer.from('t:253402300800000:a').toString('base64url'),
    Buffer.from("t:1:a' or 1=1").toString('base64url'),
  ]) {
    await expect(content.listPosts({ limit: 1, cursor })).rejects.toMatchObject({ name: 'BadCursorError' });
  }
  for (const key of [-62_135_596_800_000, 253_402_300_799_000])
    await content.listPosts({ limit: 1, cursor: Buffer.from(`t:${key}:a`).toString('base64url') });
  await expect(
    content.listPostComments('a', { limit: 1, cursor: Buffer.from('s:9999999999:a').toString('base64url') }),
  ).rejects.toMatchObject({ name: 'BadCursorError' });
});

test('returns all fields of a row in camel case, without the search vector', async () => {
  const row = await content.getPost('a');
  expect(Object.keys(row!).sort()).toEqual([
    'author',
    'content',
    'domain',
    'editedAt',
    'firstSeenAt',
    'flairText',
    'id',
    'isDeleted',
    'isNsfw',
    'isSandbox',
    'isScoreHidden',
    'isSelf',
    'isSpoiler',
    'language',
    'media',
    'numComments',
    'redditCreatedAt',
    'score',
    'scrapedAt',
    'subreddit',
    'subredditSubscribers',
    'title',
    'upvoteRatio',
    'url',
  ]);
  expect((await content.listComments({ limit: 1 })).items[0]).toMatchObject({
    id: '4',
    postId: 'b',
    parentId: 't3_b',
    isSandbox: false,
    redditCreatedAt: day(7),
  });
  expect(await content.getPost('nobody')).toBeUndefined();
});
