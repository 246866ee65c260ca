import {
  createRedditContentRepository,
  type RedditContentRepository,
} from '../../../src/storage/reddit/reddit-content-repository';
import { createTestDatabase, type TestDatabase } from '../../support/test-database';
import type { RedditComment, RedditPost } from '../../../src/platform/reddit/reddit-client';

let test_: TestDatabase;
let content: RedditContentRepository;
beforeAll(async () => {
  test_ = await createTestDatabase();
  content = createRedditContentRepository(test_.database);
});
afterAll(() => test_.drop());
beforeEach(() => test_.database.raw('truncate reddit_posts cascade'));

const post = (id: string, fields: Partial<RedditPost> = {}): RedditPost => ({
  id,
  title: `title of ${id}`,
  author: 'ann',
  subreddit: 'Funny',
  subredditSubscribers: null,
  content: null,
  url: null,
  domain: null,
  score: 1,
  upvoteRatio: 0.97,
  numComments: 0,
  flairText: null,
  isSelf: false,
  isNsfw: false,
  isSpoiler: false,
  isPinned: false,
  isDeleted: false,
  editedAt: null,
  createdAt: new Date('2026-01-01T00:00:00Z'),
  ...fields,
});
const comment = (id: string, postId: string, fields: Partial<RedditComment> = {}): RedditComment => ({
  id,
  postId,
  author: 'bob',
  body: `body of ${id}`,
  subreddit: 'Funny',
  parentId: `t3_${postId}`,
  depth: 0,
  isSubmitter: false,
  score: 1,
  controversiality: 0,
  isDeleted: false,
  editedAt: null,
  createdAt: new Date('2026-01-01T00:00:00Z'),
  ...fields,
});
/** A run that begins now, later than all rows that are there. */
const run = () => ({ runStartedAt: new Date(Date.now() + 1), isSandbox: false });
const laterRun = async () => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  return run();
};
const rowsOf = async (table: string) =>
  (await test_.database.raw<{ rows: object[] }>(`select xmin::text, t.* from ${table} t order by id`)).rows;

test('new, changed and unchanged rows are counted, and an unchanged row is not touched', async () => {
  expect(await content.upsertPosts([post('a'), post('b'), post('c', { editedAt: new Date(5) })], run())).toEqual({
    created: 3,
    updated: 0,
    unchanged: 0,
  });
  const before = await rowsOf('reddit_posts');
  const second = await laterRun();
  expect(await content.upsertPosts([post('a'), post('b'), post('c', { editedAt: new Date(5) })], second)).toEqual({
    created: 0,
    updated: 0,
    unchanged: 3,
  });
  expect(await rowsOf('reddit_posts')).toEqual(before);
  expect(
    await content.upsertPosts([post('a', { score: 2 }), post('b', { content: 'now' }), post('d')], await laterRun()),
  ).toEqual({ created: 1, updated: 2, unchanged: 0 });
  expect(await content.getPost('a')).toMatchObject({
    score: 2,
    upvoteRatio: 0.97,
    redditCreatedAt: new Date('2026-01-01T00:00:00Z'),
  });
  const [a] = (await rowsOf('reddit_posts')) as { scraped_at: Date; first_seen_at: Date }[];
  expect(a!.scraped_at.getTime()).toBeGreaterThan(a!.first_seen_at.getTime());
});

test('what is counted on a post has a history: a row when it came, and one whenever a count changed', async () => {
  const history = () =>
    test_
      .database('reddit_post_snapshots')
      .select('post_id', 'score', 'upvote_ratio', 'num_comments')
      .orderBy(['post_id', 'taken_at']);
  await content.upsertPosts([post('a'), post('b', { upvoteRatio: null })], run());
  const first = [
    { post_id: 'a', score: 1, upvote_ratio: 0.97, num_comments: 0 },
    { post_id: 'b', score: 1, upvote_ratio: null, num_comments: 0 },
  ];
  expect(await history()).toEqual(first);
  // Nothing changed, or nothing that is counted: the row itself follows the edit.
  await content.upsertPosts(
    [post('a', { content: 'edited', editedAt: new Date(5) }), post('b', { upvoteRatio: null })],
    await laterRun(),
  );
  expect(await content.getPost('a')).toMatchObject({ content: 'edited' });
  expect(await history()).toEqual(first);
  const third = await laterRun();
  await content.upsertPosts([post('a', { score: 7, numComments: 2 }), post('b', { upvoteRatio: 0.5 })], third);
  await content.upsertPosts([post('a', { score: 7, numComments: 2 }), post('b', { upvoteRatio: 0.5 })], third);
  expect(await history()).toEqual([
    first[0],
    { post_id: 'a', score: 7, upvote_ratio: 0.97, num_comments: 2 },
    first[1],
    { post_id: 'b', score: 1, upvote_ratio: 0.5, num_comments: 0 },
  ]);
  const [{ at }] = (await test_.database('reddit_post_snapshots').where({ post_id: 'a' }).max('taken_at as at')) as [
    { at: Date },
  ];
  expect(at).toEqual((await content.getPost('a'))?.scrapedAt);
});

test('a step that a retry repeats counts as it did the first time', async () => {
  await content.upsertPosts([post('old'), post('same')], run());
  const second = await laterRun();
  const batch = [post('new'), post('old', { score: 9 }), post('same')];
  const counts = { created: 1, updated: 1, unchanged: 1 };
  expect(await content.upsertPosts(batch, second)).toEqual(counts);
  expect(await content.upsertPosts(batch, second)).toEqual(counts);
});

test('duplicates in a batch are one row, the last one', async () => {
  expect(await content.upsertPosts([post('a', { score: 1 }), post('a', { score: 2 })], run())).toEqual({
    created: 1,
    updated: 0,
    unchanged: 0,
  });
  expect((await content.getPost('a'))?.score).toBe(2);
});

test('what PostgreSQL would refuse is stored as far as it can be', async () => {
  await content.upsertPosts(
    [
      post('a', {
        title: 'nul \0 inside',
        flairText: '😀'.repeat(300),
        author: 'x'.repeat(150),
        content: 'half \ud800 pair',
        score: -5,
      }),
    ],
    run(),
  );
  const stored = await content.getPost('a');
  expect(stored).toMatchObject({
    title: 'nul  inside',
    author: 'x'.repeat(100),
    score: -5,
    content: 'half \ufffd pair',
  });
  expect([...(stored?.flairText ?? '')]).toHaveLength(200);
  expect(
    await content.upsertPosts(
      [
        post('a', {
          title: 'nul \0 inside',
          flairText: '😀'.repeat(300),
          author: 'x'.repeat(150),
          content: 'half \ud800 pair',
          score: -5,
        }),
      ],
      await laterRun(),
    ),
  ).toMatchObject({ unchanged: 1 });
});

test('comments of a post that is gone are left out, the others stay', async () => {
  await content.upsertPosts([post('p')], run());
  expect(await content.upsertComments([comment('1', 'p'), comment('2', 'gone')], run())).toEqual({
    created: 1,
    updated: 0,
    unchanged: 0,
  });
  expect(await content.upsertComments([], run())).toEqual({ created: 0, updated: 0, unchanged: 0 });
});

test('concurrent runs over the same rows, each in its own order, neither wait in a circle nor double a row', async () => {
  const posts = Array.from({ length: 300 }, (_, index) => post(`p${index}`));
  const comments = posts.flatMap((one) => [comment(`${one.id}x`, one.id), comment(`${one.id}y`, one.id)]);
  await content.upsertPosts(posts, run());
  const runs = Array.from({ length: 12 }, (_, index) => {
    const mixed = index % 2 ? [...comments].reverse() : comments;
    return Promise.all([
      content.upsertComments(
        mixed.map((one) => ({ ...one, score: index })),
        run(),
      ),
      content.upsertPosts(
        (index % 2 ? posts : [...posts].reverse()).map((one) => ({ ...one, score: index })),
        run(),
      ),
    ]);
  });
  await Promise.all(runs);
  const { rows } = await test_.database.raw<{ rows: { posts: number; comments: number }[] }>(
    'select (select count(*) from reddit_posts) posts, (select count(*) from reddit_comments) comments',
  );
  expect(rows).toEqual([{ posts: 300, comments: 600 }]);
});

describe('lists', () => {
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

  test('newest first, by each filter', async () => {
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

  test('a list paged by one is the whole list, and what comes in meanwhile does not shift it', async () => {
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

  test('a cursor of another list, or none at all, is refused', async () => {
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

  test('a row has all its fields, in camel case, and not the search vector', async () => {
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
      'isSelf',
      'isSpoiler',
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
});
